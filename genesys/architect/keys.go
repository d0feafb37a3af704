package architect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/memory"
)

// Memory keeps a few bytes under a name; a *convtrack.Tracker is one.
type Memory interface {
	// Value returns what is kept, and its version: 0 when there is nothing.
	Value(ctx context.Context, name string) (value []byte, version int64, err error)
	// SetValue keeps something, and fails when the version is not the given one
	// any more.
	SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error)
}

// keys is which launches were made. They are kept in a fixed number of values,
// each with the launches of the last days, so that the memory does not grow
// without end.
type keys struct {
	memory Memory
	log    *slog.Logger
	values uint16 // over how many values they are spread

	mu         sync.Mutex
	unfinished map[string]unfinished // by entry
}

// unfinished is a launch of which it is not known how it went.
type unfinished struct {
	at    time.Time // when it was begun, by the clock of whoever did
	since time.Time // when it was first seen, by the clock of this process
}

// Figures of the keys.
const (
	manyValues  = 4096 // some kilobytes each, at a launch every second
	keptFor     = 7 * 24 * time.Hour
	startingFor = time.Minute // then it is taken for lost
	// launchWithin is less than startingFor: of what is taken for lost nothing may be
	// on its way to Genesys Cloud, or wait for its turn.
	launchWithin = 45 * time.Second
	// clocksApart is how far the clocks of two processes may be apart. What was begun
	// so long ago by any of them is lost.
	clocksApart = 10 * time.Minute
	storeTime   = 10 * time.Second
)

// launched is a launch that was begun.
type launched struct {
	At time.Time `json:"at"`
	ID string    `json:"id,omitempty"` // of the execution; empty: it is not known
}

func newKeys(m Memory, log *slog.Logger, values uint16) *keys {
	return &keys{memory: m, log: log, values: values, unfinished: map[string]unfinished{}}
}

// once launches once for a key, and returns the execution.
func (k *keys) once(ctx context.Context, key string, launch func(context.Context) (string, error)) (string, error) {
	if k.memory == nil {
		return "", fmt.Errorf("%w: Launch.Key needs FlowsConfig.Memory", ErrInput)
	}
	digest := sha256.Sum256([]byte(key))
	name := fmt.Sprintf("architect/flows/%d", binary.BigEndian.Uint16(digest[:])%k.values)
	entry := hex.EncodeToString(digest[2:18])
	began := time.Now().UTC().Round(0)
	var before launched
	waits := false
	err := k.change(ctx, name, func(all map[string]launched) bool {
		before = all[entry]
		if waits = before.ID == "" && !before.At.IsZero() && !k.lost(entry, before.At); waits || before.ID != "" {
			return false
		}
		all[entry] = launched{At: began}
		return true
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("architect: it is not known whether the flow was started before: %w", err)
	case before.ID != "":
		k.forget(entry)
		return before.ID, nil
	case waits:
		return "", fmt.Errorf("architect: %w; try again in a minute", ErrStarting)
	case !before.At.IsZero():
		k.log.Warn("a flow is started of which nobody knows whether it was before", "first", before.At)
	}

	k.lost(entry, began)
	limited, end := context.WithTimeout(ctx, launchWithin)
	defer end()
	id, err := launch(limited)
	if err != nil && !refused(err) {
		return "", err // it may have been started: the entry says so
	}
	k.forget(entry)
	// The context may have ended; what is known now must not get lost for it.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	kept := k.change(late, name, func(all map[string]launched) bool {
		if !all[entry].At.Equal(began) {
			return false // another process has taken it for lost
		}
		if all[entry] = (launched{began, id}); err != nil {
			delete(all, entry)
		}
		return true
	})
	if kept != nil {
		k.log.Error("a launch could not be noted, and may be made again", "execution", id, "error", kept)
	}
	return id, err
}

// lost reports whether a launch that began at a time, and of which nothing has been
// heard since, is taken for lost. Whoever began it may have another clock: what
// counts is how long this process has seen it so.
func (k *keys) lost(entry string, at time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	is, known := k.unfinished[entry]
	if !known || !is.at.Equal(at) {
		maps.DeleteFunc(k.unfinished, func(_ string, u unfinished) bool { return now.Sub(u.since) > keptFor })
		is = unfinished{at, now}
		k.unfinished[entry] = is
	}
	return now.Sub(is.since) >= startingFor || now.Sub(at) >= clocksApart
}

func (k *keys) forget(entry string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.unfinished, entry)
}

// refused reports whether it is sure that nothing was started.
func refused(err error) bool {
	var e *genesys.APIError
	return errors.Is(err, ErrInput) || errors.Is(err, genesys.ErrRequest) || errors.Is(err, genesys.ErrCredentials) ||
		errors.As(err, &e) && e.Status >= 400 && e.Status < 500 && e.Status != 408
}

// change changes the launches that are kept in a value. do reports whether there
// is something to write.
func (k *keys) change(ctx context.Context, name string, do func(map[string]launched) bool) error {
	return memory.Change(ctx, k.memory, name, func(value []byte) ([]byte, error) {
		all := map[string]launched{}
		if len(value) > 0 && json.Unmarshal(value, &all) != nil {
			return nil, fmt.Errorf("architect: the value %s is not what was written there", name)
		}
		if !do(all) {
			return nil, nil
		}
		maps.DeleteFunc(all, func(_ string, l launched) bool { return time.Since(l.At) > keptFor })
		return json.Marshal(all)
	})
}
