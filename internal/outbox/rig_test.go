package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

const (
	lease = 15 * time.Second
	me    = "me"
)

// rig is an outbox that runs on a memory store, inside a synctest bubble.
type rig struct {
	*Outbox
	t     *testing.T
	store *breakable
	hooks *events.Hooks
	log   *lines
	// stopClaiming ends the loop that claims, as an engine does whose sources have ended.
	stopClaiming func()

	mu      sync.Mutex
	seq     map[string]int64
	backlog map[string]map[string]bool
	reloads int
	working map[string]bool // conversations that somebody works on
}

// breakable is a store whose answers can be lost.
type breakable struct {
	store.Store
	mu     sync.Mutex
	commit func(store.Batch) error     // after it has been done
	before func(store.Batch) error     // instead of doing it
	claim  func() error                // after it has been done
	leases func() error                // instead of claiming or renewing
	hangs  func(context.Context) error // instead of claiming
	load   func() error
}

func (b *breakable) Commit(ctx context.Context, batch store.Batch) (store.Committed, error) {
	b.mu.Lock()
	before, after := b.before, b.commit
	b.mu.Unlock()
	if before != nil {
		if err := before(batch); err != nil {
			return store.Committed{}, err
		}
	}
	done, err := b.Store.Commit(ctx, batch)
	if err == nil && after != nil {
		if err := after(batch); err != nil {
			return store.Committed{}, err
		}
	}
	return done, err
}

func (b *breakable) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if err := b.unreachable(); err != nil {
		return err
	}
	return b.Store.Renew(ctx, owner, lease, held)
}

func (b *breakable) unreachable() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.leases == nil {
		return nil
	}
	return b.leases()
}

func (b *breakable) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if err := b.unreachable(); err != nil {
		return nil, time.Time{}, err
	}
	b.mu.Lock()
	claim, hangs := b.claim, b.hangs
	b.mu.Unlock()
	if hangs != nil {
		return nil, time.Time{}, hangs(ctx)
	}
	due, next, err := b.Store.Claim(ctx, c)
	if err == nil && claim != nil && len(due) > 0 {
		if err := claim(); err != nil {
			return nil, time.Time{}, err
		}
	}
	return due, next, err
}

func (b *breakable) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	b.mu.Lock()
	load := b.load
	b.mu.Unlock()
	if load != nil {
		if err := load(); err != nil {
			return nil, err
		}
	}
	return b.Store.Load(ctx, ids...)
}

func (b *breakable) set(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

// lines is a log handler that keeps the messages.
type lines struct {
	mu   sync.Mutex
	said []string
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, r.Message)
	return nil
}

// about returns how many lines contain the text.
func (l *lines) about(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.said {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

var errLost = errors.New("the connection was cut")

func newRig(t *testing.T, hooks *events.Hooks, most int) *rig {
	t.Helper()
	r := &rig{t: t, store: &breakable{Store: memstore.New()}, hooks: hooks, log: &lines{}, seq: map[string]int64{}, backlog: map[string]map[string]bool{}, working: map[string]bool{}}
	log := slog.New(r.log)
	s := access.New(r.store, log)
	r.Outbox = New(Config{Leases: s, Commits: s, Hooks: hooks, Conversations: r, InTransaction: make(chan struct{}, 2), Failed: func(store.FailedItem) {},
		Owner: me, Lease: lease, Most: most, Log: log, Failures: failure.NewLog(log)})
	ctx, cancel := context.WithCancel(t.Context())
	r.Start(ctx)
	var claiming, loops sync.WaitGroup
	while, stop := context.WithCancel(ctx)
	claiming.Go(func() { r.ClaimLoop(while, ctx) })
	r.stopClaiming = func() { stop(); claiming.Wait() }
	loops.Go(func() { r.RecordLoop(ctx) })
	loops.Go(func() { r.RenewLoop(ctx) })
	t.Cleanup(func() {
		cancel()
		r.stopClaiming()
		r.Stop(ctx, cancel)
		loops.Wait()
	})
	return r
}

// AsOf implements Conversations.
func (r *rig) AsOf(ctx context.Context, id string, _ int64) (*conversation.Conversation, error) {
	if _, err := r.store.Load(ctx, id); err != nil {
		return nil, err
	}
	return &conversation.Conversation{ID: id}, nil
}

// Resting implements Conversations.
func (r *rig) Resting(id string, do func()) bool {
	r.mu.Lock()
	busy := r.working[id]
	r.mu.Unlock()
	if !busy {
		do()
	}
	return !busy
}

func (r *rig) workOn(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.working[id] = true
}

func (r *rig) rest(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.working, id)
}

// Reload implements Conversations.
func (r *rig) Reload(id string) {
	records, err := r.store.Store.Load(context.Background(), id)
	require.NoError(r.t, err)
	backlog := map[string]bool{}
	for _, hook := range records[0].Backlog {
		backlog[hook] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.backlog[id] = backlog
	r.reloads++
}

// announce commits the next event of a conversation, as a committer does.
func (r *rig) announce(id string) error {
	r.t.Helper()
	r.mu.Lock()
	seq := r.seq[id] + 1
	if r.backlog[id] == nil {
		r.backlog[id] = map[string]bool{}
	}
	backlog := r.backlog[id]
	r.mu.Unlock()
	e := &events.AgentConnected{Header: events.Header{ID: fmt.Sprintf("%s.%d", id, seq), Type: events.TypeAgentConnected, Time: time.Now(),
		ConversationID: id, Conversation: &conversation.Conversation{ID: id}}}
	data, err := events.Encode(e)
	require.NoError(r.t, err)
	c := &store.Change{ID: id, Version: seq - 1, To: conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: id}, conversation.Statement{By: conversation.SourceHost}))}
	c.Events = []store.NewEvent{{Event: store.Event{ID: e.ID, ConversationID: id, Seq: seq, Type: string(e.Type), Time: e.Time, Data: data}}}
	for _, hook := range r.hooks.AfterHooks(e) {
		c.Events[0].Deliveries = append(c.Events[0].Deliveries, store.NewDelivery{Hook: hook})
	}
	reserved := r.Reserve(c, []events.Event{e}, backlog)
	done, err := r.store.Commit(r.t.Context(), store.Batch{Owner: me, Lease: lease, Changes: []*store.Change{c}})
	if err == nil {
		err = done.Results[0].Err
	}
	if err != nil {
		reserved.Abandon()
		return err
	}
	r.mu.Lock()
	r.seq[id] = seq
	r.mu.Unlock()
	reserved.Committed()
	return nil
}

// journal writes down what a hook has heard, in order.
type journal struct {
	mu    sync.Mutex
	heard []string
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.heard...)
}

// hook registers one that writes down what it hears and then does something.
func hook(hooks *events.Hooks, name string, do func(ctx context.Context, id string) error, opts ...events.Option) *journal {
	j := &journal{}
	events.After(hooks, name, func(ctx context.Context, e *events.AgentConnected) error {
		j.mu.Lock()
		j.heard = append(j.heard, e.ID)
		j.mu.Unlock()
		if do == nil {
			return nil
		}
		return do(ctx, e.ID)
	}, opts...)
	return j
}

// log returns the unfinished deliveries of a conversation as "event hook state".
func (r *rig) unfinished(id string) (list []string) {
	logged, err := r.store.Store.Events(r.t.Context(), id)
	require.NoError(r.t, err)
	for _, e := range logged {
		for _, d := range e.Deliveries {
			list = append(list, fmt.Sprint(e.ID, " ", d.Hook, " ", d.State))
		}
	}
	return list
}
