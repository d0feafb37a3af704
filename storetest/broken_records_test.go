package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// restated is a conversation that shows the same as c, all of it stated by one
// source at one time.
func restated(c *conversation.Conversation, by conversation.Statement) *conversation.Conversation {
	if c == nil {
		return nil
	}
	return conversation.Merge(nil, conversation.State(shown(reflect.ValueOf(c)).Interface().(*conversation.Conversation), by))
}

// shown copies what is exported.
func shown(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(shown(v.Elem()))
		return p
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(shown(v.Index(i)))
		}
		return s
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v
		}
		s := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				s.Field(i).Set(shown(v.Field(i)))
			}
		}
		return s
	}
	return v
}

// brokenRecords do not give back what they were given.
func brokenRecords() []broken {
	return []broken{
		{"forgets who said what", []string{"fields/every field comes back whose source is topic", "statements/a weaker source does not override what was stored",
			"statements/what was stored from the source analytics is believed as before", "sessions/a session that moved does not go back for a weaker source"},
			eachRecord(func(r *store.Record) {
				r.Conversation = restated(r.Conversation, conversation.Statement{By: conversation.SourceHint})
			})},
		{"forgets when it was said", []string{"statements/an older statement does not override what was stored", "fields/every field comes back whose source is REST"},
			eachRecord(func(r *store.Record) {
				r.Conversation = restated(r.Conversation, conversation.Statement{By: conversation.SourceREST})
			})},
		{"forgets who said what was refused", []string{"refused changes/the refused facts come back with who said them and when"},
			eachRecord(func(r *store.Record) {
				if r.Refused != nil {
					r.Refused.Facts = restated(r.Refused.Facts, conversation.Statement{By: conversation.SourceHint})
				}
			})},
		{"forgets what JSON does not show", []string{"fields/every field comes back whose source is analytics"}, eachRecord(func(r *store.Record) {
			if r.Conversation == nil {
				return
			}
			data, err := json.Marshal(r.Conversation)
			if err != nil {
				panic(err)
			}
			r.Conversation = nil
			if err := json.Unmarshal(data, &r.Conversation); err != nil {
				panic(err)
			}
		})},
		{"counts time in seconds", []string{"times/times come back to the microsecond, however far away", "conclusions/what is due at the time or before has settled, and what is due later has not"},
			func(w *wrapped) {
				eachChange(w, func(c *store.Change) {
					c.Events, c.Pending = slices.Clone(c.Events), slices.Clone(c.Pending)
					for i := range c.Events {
						c.Events[i].Time = c.Events[i].Time.Truncate(time.Second)
					}
					for i := range c.Pending {
						c.Pending[i].Due = c.Pending[i].Due.Truncate(time.Second)
					}
				})
			}},
		{"counts time in nanoseconds since 1970", []string{"times/times come back to the microsecond, however far away", "times/a time that is not known stays unknown"},
			eachEvent(func(e *store.NewEvent) { e.Time = time.Unix(0, e.Time.UnixNano()).UTC() })},
		{"reads no times after the year 9999", []string{"times/what lies after the year 9999 keeps nothing from being read, and is not due before its end"}, func(w *wrapped) {
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				records, err := w.sound.Load(ctx, ids...)
				for _, r := range records {
					for _, p := range r.Pending {
						_, unreadable := p.Due.UTC().MarshalJSON()
						err = errors.Join(err, unreadable)
					}
				}
				return records, err
			}
		}},
		{"trims text", []string{"text/any text comes back as it is"}, eachEvent(func(e *store.NewEvent) { e.Rule = strings.TrimSpace(e.Rule) })},
		{"cuts text off", []string{"text/any text comes back as it is"}, eachEvent(func(e *store.NewEvent) { e.Rule = e.Rule[:min(len(e.Rule), 255)] })},
		{"folds the case of ids", []string{"text/ids that differ in anything are different conversations"}, func(w *wrapped) {
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				folded := make([]string, len(ids))
				for i, id := range ids {
					folded[i] = strings.ToLower(id)
				}
				records, err := w.sound.Load(ctx, folded...)
				for i := range records {
					records[i].ID = ids[i]
				}
				return records, err
			}
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				changes := make([]*store.Change, len(b.Changes))
				for i, c := range b.Changes {
					own := *c
					own.ID = strings.ToLower(c.ID)
					changes[i] = &own
				}
				b.Changes = changes
				return w.sound.Commit(ctx, b)
			}
		}},
		{"folds the case of owners", []string{"text/owners whose names differ in anything are different owners"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				c.Owner = strings.ToLower(c.Owner)
				return w.sound.Claim(ctx, c)
			}
			eachOutcome(func(o *store.Outcome) { o.Owner = strings.ToLower(o.Owner) })(w)
		}},
		{"folds the case of values", []string{"text/values whose names differ in anything are different values"}, func(w *wrapped) {
			w.value = func(ctx context.Context, name string) ([]byte, int64, error) {
				return w.sound.Value(ctx, strings.ToLower(name))
			}
			w.setValue = func(ctx context.Context, name string, value []byte, version int64) (int64, error) {
				return w.sound.SetValue(ctx, strings.ToLower(name), value, version)
			}
		}},
		{"loads in an order of its own", []string{"loading/records come in the order of the ids, known and unknown mixed"}, func(w *wrapped) {
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				return w.sound.Load(ctx, slices.Sorted(slices.Values(ids))...)
			}
		}},
		{"loads an id once", []string{"loading/an id that is asked for twice is answered twice"}, func(w *wrapped) {
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				return w.sound.Load(ctx, slices.Compact(slices.Sorted(slices.Values(ids)))...)
			}
		}},
		{"leaves out what it does not know", []string{"loading/a conversation that is not stored has version 0 and nothing else"}, func(w *wrapped) {
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				records, err := w.sound.Load(ctx, ids...)
				return slices.DeleteFunc(records, func(r store.Record) bool { return r.Version == 0 }), err
			}
		}},
		{"loads a thousand at most", []string{"loading/thousands of ids can be asked for at once"}, func(w *wrapped) {
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				if len(ids) > 999 {
					return nil, errors.New("too many variables")
				}
				return w.sound.Load(ctx, ids...)
			}
		}},
		{"forgets the backlog", []string{"loading/the backlog names the hooks with unfinished deliveries"}, eachRecord(func(r *store.Record) { r.Backlog = nil })},
		{"forgets the last announcement", []string{"log/the log has every event in the order of its sequence, over all versions"},
			eachRecord(func(r *store.Record) { r.Announced = r.Announced[:max(0, len(r.Announced)-1)] })},
		{"counts sequences over all conversations", []string{"log/conversations have logs of their own"}, eachRecord(func(r *store.Record) {
			if r.LastSeq > 0 {
				r.LastSeq++
			}
		})},
		{"keeps tombstones as conversations", []string{"tombstones/a tombstone has the reason and no conversation"}, eachRecord(func(r *store.Record) {
			if r.Vetoed != "" {
				r.Conversation = merged(partial(r.ID))
			}
		})},
		{"keeps a conversation beside its tombstone", []string{"tombstones/a tombstone takes the place of a conversation"}, func(w *wrapped) {
			eachChange(w, func(c *store.Change) {
				if c.Vetoed != "" {
					c.To = c.From
				}
			})
		}},
		{"adds to what waits", []string{"conclusions/conclusions come back with the record and are replaced by the next change"}, func(w *wrapped) {
			var mu sync.Mutex
			waiting := map[string][]store.Pending{}
			eachChange(w, func(c *store.Change) {
				mu.Lock()
				defer mu.Unlock()
				c.Pending = slices.Concat(waiting[c.ID], c.Pending)
				waiting[c.ID] = c.Pending
			})
		}},
		{"never removes what was refused", []string{"refused changes/a change without a refused one removes it"}, func(w *wrapped) {
			var mu sync.Mutex
			refused := map[string]*store.Refused{}
			eachChange(w, func(c *store.Change) {
				mu.Lock()
				defer mu.Unlock()
				if c.Refused == nil {
					c.Refused = refused[c.ID]
				}
				refused[c.ID] = c.Refused
			})
		}},
		{"forgets the facts that were refused", []string{"refused changes/a refused change of a new conversation is all that is stored of it"},
			eachRecord(func(r *store.Record) {
				if r.Refused != nil {
					r.Refused.Facts = nil
				}
			})},
		{"hands out what it keeps", []string{"ownership/the data of an event that is read is the caller's own", "ownership/a value that is read is the caller's own"}, func(w *wrapped) {
			var mu sync.Mutex
			kept := map[string][]byte{}
			keep := func(key string, data []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				if _, known := kept[key]; !known {
					kept[key] = data
				}
				return kept[key]
			}
			w.events = func(ctx context.Context, id string) ([]store.LoggedEvent, error) {
				events, err := w.sound.Events(ctx, id)
				for i := range events {
					events[i].Data = keep(events[i].ID, events[i].Data)
				}
				return events, err
			}
			w.value = func(ctx context.Context, name string) ([]byte, int64, error) {
				value, version, err := w.sound.Value(ctx, name)
				return keep(fmt.Sprint(name, version), value), version, err
			}
		}},
		{"keeps what it was handed", []string{"ownership/a value that was set stays the caller's own"}, func(w *wrapped) {
			var mu sync.Mutex
			kept := map[string][]byte{}
			w.setValue = func(ctx context.Context, name string, value []byte, version int64) (int64, error) {
				version, err := w.sound.SetValue(ctx, name, value, version)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					kept[name] = value
				}
				return version, err
			}
			w.value = func(ctx context.Context, name string) ([]byte, int64, error) {
				_, version, err := w.sound.Value(ctx, name)
				mu.Lock()
				defer mu.Unlock()
				return kept[name], version, err
			}
		}},
	}
}
