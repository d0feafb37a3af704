package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// entriesFor are entries of as many conversations.
func entriesFor(owner string, n int) []store.Entry {
	list := make([]store.Entry, n)
	for i := range list {
		list[i] = store.Entry{ConversationID: uuid(8, i), Key: fmt.Sprint("key ", i), Owner: owner, At: time.UnixMicro(int64(i + 1)), Data: make([]byte, 400)}
	}
	return list
}

func takenOf(entries []store.Entry) (taken []store.EntryKey) {
	for _, e := range entries {
		taken = append(taken, e.Name())
	}
	return taken
}

func TestTheInboxTakesNoMoreRoundTripsAtAnySize(t *testing.T) {
	schema := cluster.Schema(t)
	p := newProxy(t, schema, 1)
	s := openIn(t, schema, p.through)
	list := references(t, s, 0, 100)
	work := func(size int) (deposit, read, commit, take int64) {
		entries := entriesFor("me", size+1)
		trips := func(do func() error) int64 {
			_, trips := p.counted(func() { require.NoError(t, do()) })
			return trips
		}
		deposit = trips(func() error { return s.Deposit(t.Context(), entries) })
		read = trips(func() error {
			got, err := s.Inbox(t.Context(), store.InboxQuery{Owner: "me", Alive: []string{"me"}, Limit: size + 1})
			require.Len(t, got, size+1)
			return err
		})
		var changes []*store.Change
		for _, r := range list[:size] {
			changes = append(changes, r.update())
		}
		commit = trips(func() error {
			_, err := s.Commit(t.Context(), store.Batch{Owner: "owner", Lease: time.Minute, Changes: changes, Taken: takenOf(entries[:size])})
			return err
		})
		for _, r := range list[:size] {
			r.written(r.version + 1)
		}
		take = trips(func() error {
			_, err := s.Commit(t.Context(), store.Batch{Taken: takenOf(entries[size:])})
			return err
		})
		return deposit, read, commit, take
	}
	work(2) // prepares the statements
	for _, size := range []int{1, 100} {
		deposit, read, commit, take := work(size)
		require.EqualValues(t, []int64{1, 1, 1, 1}, []int64{deposit, read, commit, take}, "deposit, read, commit and take of %d", size)
	}
}

// What the server knows of the table is old: it was empty when it was looked at.
func TestTheInboxIsLookedUpByItsIndexes(t *testing.T) {
	s := open(t)
	_, err := s.pool.Exec(t.Context(), "vacuum analyze cdm_inbox")
	require.NoError(t, err)
	for range 2 {
		plans, err := s.PlansOfInbox(t.Context())
		require.NoError(t, err)
		for name, plan := range plans {
			require.NotContains(t, plan, "Seq Scan", name)
			require.NotContains(t, plan, "Bitmap", name)
		}
		require.Contains(t, plans["take"], "Tid Scan on cdm_inbox")
		require.Contains(t, plans["take"], "Index Scan using cdm_inbox_pkey")
		for _, name := range []string{"first page", "later page", "latest"} {
			require.Regexp(t, `Index( Only)? Scan (Backward )?using cdm_inbox_owner`, plans[name], name)
			require.Contains(t, plans[name], "(owner = o.owner)", name)
			if name != "latest" {
				require.Contains(t, plans[name], "hashed SubPlan", name)
			}
		}
		require.NoError(t, s.Deposit(t.Context(), entriesFor("other", 20_000)))
		_, err = s.pool.Exec(t.Context(), "analyze cdm_inbox")
		require.NoError(t, err)
	}
	// A page of an inbox does not depend on what there is for others.
	require.NoError(t, s.Deposit(t.Context(), []store.Entry{{ConversationID: "c", Key: "k", Owner: "me"}}))
	began := time.Now()
	for range 100 {
		got, err := s.Inbox(t.Context(), store.InboxQuery{Owner: "me", Alive: []string{"other"}, Limit: 100})
		require.NoError(t, err)
		require.Len(t, got, 1)
	}
	t.Logf("a page takes %v", time.Since(began)/100)
}

// TestAPageDoesNotTakeLongerTheMoreIsLeftOut: what cannot be read yet is left out of
// each page, and while the API is down there is more and more of it.
func TestAPageDoesNotTakeLongerTheMoreIsLeftOut(t *testing.T) {
	s := open(t)
	entries := entriesFor("me", 8001)
	require.NoError(t, s.Deposit(t.Context(), entries))
	var known []store.EntryKey
	for i := range entries[:8000] {
		known = append(known, entries[i].Name())
	}
	shortest := time.Hour
	for range 3 {
		began := time.Now()
		got, err := s.Inbox(t.Context(), store.InboxQuery{Owner: "me", Limit: 100, Except: known})
		require.NoError(t, err)
		require.Len(t, got, 1)
		shortest = min(shortest, time.Since(began))
	}
	t.Logf("a page beside 8000 that are left out takes %v", shortest)
	require.Less(t, shortest, time.Second, "it takes seconds where each is compared with each")
}

// whoeverEndsConnections asks again where the server has ended the connection: that
// shows when it is used.
func whoeverEndsConnections[V any](t *testing.T, ask func() (V, error)) V {
	t.Helper()
	for {
		answer, err := ask()
		var ended *pgconn.PgError
		if errors.As(err, &ended) && ended.Code == "57P01" { // admin_shutdown
			continue
		}
		require.NoError(t, err)
		return answer
	}
}

// wakes demands that a deposit through another store wakes who awaits.
func wakes(t *testing.T, s, other store.Store, owner string) {
	t.Helper()
	for n := range 5 {
		e := store.Entry{ConversationID: "c", Key: "k", Owner: owner, At: time.UnixMicro(int64(n + 1))}
		deposited := make(chan error, 1)
		time.AfterFunc(20*time.Millisecond, func() { deposited <- other.Deposit(context.WithoutCancel(t.Context()), []store.Entry{e}) })
		for {
			require.NoError(t, s.Await(t.Context(), owner))
			got := whoeverEndsConnections(t, func() ([]store.Entry, error) {
				return s.Inbox(t.Context(), store.InboxQuery{Owner: owner, Alive: []string{owner}, Limit: 10})
			})
			if len(got) == 1 {
				require.Equal(t, owner, got[0].Owner)
				whoeverEndsConnections(t, func() (store.Committed, error) { return s.Commit(t.Context(), store.Batch{Taken: takenOf(got)}) })
				break
			}
		}
		require.NoError(t, <-deposited)
	}
}

// listensWithin is longer than the store waits until it tries to listen again,
// as on a machine so busy that its own message did not come in time.
const listensWithin = 3 * time.Minute

func TestOwnersAreWokenWhereMessagesOfTheServerArriveAndWhereTheyDoNot(t *testing.T) {
	for name, test := range map[string]struct {
		connections int32
		proxied     bool
		listens     bool
	}{
		"a pool that can do without one": {connections: 4, listens: true},
		"one connection":                 {connections: 1},
		"by the transaction":             {connections: 4, proxied: true},
	} {
		t.Run(name, func(t *testing.T) {
			schema := cluster.Schema(t)
			other := openIn(t, schema)
			size := func(c *pgxpool.Config) { c.MaxConns = test.connections }
			change := []func(*pgxpool.Config){size}
			if test.proxied {
				change = append(change, newProxy(t, schema, 3).through, mode(pgx.QueryExecModeExec))
			}
			s := openIn(t, schema, change...)
			wakes(t, s, other, "me")
			wakes(t, s, other, strings.Repeat("ü", 5000)) // longer than a message
			wakes(t, s, other, "")
			if test.listens {
				require.Eventually(t, func() bool {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
					defer cancel()
					_ = s.Await(ctx, "me")
					return s.Listening()
				}, listensWithin, time.Millisecond)
			} else {
				require.False(t, s.Listening())
			}
		})
	}
}

func TestAConnectionListensOnlyWhileSomebodyAwaits(t *testing.T) {
	s := open(t)
	require.Zero(t, s.pool.Stat().AcquiredConns())
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for s.Await(ctx, "me") == nil {
			_, _ = s.Inbox(ctx, store.InboxQuery{Owner: "me", Limit: 1})
		}
	}()
	require.Eventually(t, s.Listening, listensWithin, 5*time.Millisecond)
	// Whoever is woken looks into the inbox, with a connection of the pool.
	require.Eventually(t, func() bool { return s.pool.Stat().AcquiredConns() == 1 }, time.Minute, 5*time.Millisecond)
	require.Equal(t, int(s.pool.Config().MaxConns)-1, s.Transactions())
	cancel()
	<-over
	require.Eventually(t, func() bool { return s.pool.Stat().AcquiredConns() == 0 && !s.Listening() }, time.Minute, 5*time.Millisecond)
}

func TestOwnersAreWokenAfterTheServerHasEndedAllConnections(t *testing.T) {
	schema := cluster.Schema(t)
	other := openIn(t, schema)
	name := "listens_" + schema
	s := openIn(t, schema, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["application_name"] = name })
	wakes(t, s, other, "me")
	for range 3 {
		terminate(t, name)
		wakes(t, s, other, "me")
	}
}

func TestEntriesGoWithTheirConversation(t *testing.T) {
	s := open(t)
	list := references(t, s, 0, 2)
	entries := entriesFor("me", 3)
	entries[0].ConversationID, entries[1].ConversationID = list[0].id, list[1].id
	require.NoError(t, s.Deposit(t.Context(), entries))
	left := func() (ids []string) {
		got, err := s.Inbox(t.Context(), store.InboxQuery{Owner: "me", Limit: 10})
		require.NoError(t, err)
		for _, e := range got {
			ids = append(ids, e.ConversationID)
		}
		return ids
	}
	_, err := s.pool.Exec(t.Context(), "delete from cdm_conversation where conversation_id = $1", list[0].id)
	require.NoError(t, err)
	require.Equal(t, []string{list[1].id, entries[2].ConversationID}, left())
	_, err = s.pool.Exec(t.Context(), "truncate cdm_conversation cascade")
	require.NoError(t, err)
	require.Empty(t, left())
}

// A role that was given its privileges before the inbox was there needs not be
// given them again.
func TestWhoMayWriteDeliveriesMayWriteToTheInboxThatAMigrationMakes(t *testing.T) {
	schema := cluster.Schema(t)
	installOld(t, schema, "postgres")
	role := rowsOnly(t, schema)
	reporter := newRole(t, "reporter_"+schema)
	cluster.Exec(t, "grant usage on schema "+schema+" to "+reporter, "grant select on all tables in schema "+schema+" to "+reporter)
	openIn(t, schema)
	pool := cluster.Pool(t, schema, sessionAs(role))
	s, err := pgstore.New(t.Context(), pool, &pgstore.Config{SkipMigrations: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	require.NoError(t, s.Validate(t.Context()))
	wakes(t, s, s, "me")
	table := schema + ".cdm_inbox"
	require.NoError(t, as(t, reporter, "select * from "+table))
	require.ErrorContains(t, as(t, reporter, "delete from "+table), "permission denied")
}

// BenchmarkInbox deposits entries and takes them, so many at a time.
func BenchmarkInbox(b *testing.B) {
	for _, size := range []int{1, 100} {
		entries := entriesFor("me", size)
		deposit := func(s opened) error { return s.Deposit(context.Background(), entries) }
		take := func(s opened) error {
			_, err := s.Commit(context.Background(), store.Batch{Taken: takenOf(entries)})
			return err
		}
		read := func(s opened) error {
			_, err := s.Inbox(context.Background(), store.InboxQuery{Owner: "me", Alive: []string{"me"}, Limit: size})
			return err
		}
		for _, x := range []struct {
			name   string
			before []func(s opened) error
			do     func(s opened) error
			after  []func(s opened) error
		}{
			{"deposit", nil, deposit, []func(s opened) error{take}},
			{"read", []func(s opened) error{deposit}, read, []func(s opened) error{take}},
			{"take", []func(s opened) error{deposit}, take, nil},
		} {
			b.Run(fmt.Sprintf("%s=%d", x.name, size), func(b *testing.B) {
				s := open(b)
				for b.Loop() {
					b.StopTimer()
					for _, do := range x.before {
						require.NoError(b, do(s))
					}
					b.StartTimer()
					err := x.do(s)
					b.StopTimer()
					require.NoError(b, err)
					for _, do := range x.after {
						require.NoError(b, do(s))
					}
					b.StartTimer()
				}
				b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "entries/s")
			})
		}
	}
}
