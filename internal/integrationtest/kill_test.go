package integrationtest_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

var (
	kills    = flag.Int("kills", 10, "how many processes the tests on kill -9 kill")
	killSeed = flag.Uint64("kill-seed", uint64(time.Now().UnixNano()), "when they are killed")
)

// TestKilledProcessesLoseNothingOnSQLite kills processes with SIGKILL at random
// moments, one after the other on the same file, and looks at what is left:
// nothing acknowledged is lost, no effect in a transaction, Before or After, is
// there twice or without its event, and other After hooks repeat at most what
// was in flight.
func TestKilledProcessesLoseNothingOnSQLite(t *testing.T) {
	for _, k := range []struct {
		name          string
		before, aside bool
	}{{"with a Before hook", true, false}, {"in group commits", false, false}, {"with hooks that put off and refuse", true, true}} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			kill(t, victim{Engine: "sqlite", Target: filepath.Join(t.TempDir(), "kill.db"), Ledger: t.TempDir(), Before: k.before, Aside: k.aside}, 1, *kills/2)
		})
	}
}

// engine is how victims reach a kind of store.
type engine struct {
	open func(ctx context.Context, target string) (store.Store, error)
	// effect writes a row through the transaction of a hook.
	effect func(ctx context.Context, timing events.Timing, eventID string) error
	// prepare makes the table of effects, effects counts those of an event.
	prepare func(ctx context.Context, target string) error
	effects func(ctx context.Context, target string, timing events.Timing) (map[string]int, error)
}

var engines = map[string]engine{"postgres": postgresEngine, "sqlite": {
	open: func(ctx context.Context, target string) (store.Store, error) {
		return sqlitestore.Open(ctx, target, nil)
	},
	effect: func(ctx context.Context, timing events.Timing, eventID string) error {
		tx, _ := sqlitestore.Tx(ctx)
		_, err := tx.ExecContext(ctx, "INSERT INTO effect (timing, event_id) VALUES (?, ?)", timing, eventID)
		return err
	},
	prepare: func(ctx context.Context, target string) error {
		s, err := sqlitestore.Open(ctx, target, nil)
		if err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		db, err := sql.Open("sqlite", target)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		_, err = db.ExecContext(ctx, "CREATE TABLE effect (timing TEXT NOT NULL, event_id TEXT NOT NULL)")
		return err
	},
	effects: func(ctx context.Context, target string, timing events.Timing) (map[string]int, error) {
		db, err := sql.Open("sqlite", target)
		if err != nil {
			return nil, err
		}
		defer func() { _ = db.Close() }()
		rows, err := db.QueryContext(ctx, "SELECT event_id, count(*) FROM effect WHERE timing = ? GROUP BY event_id", timing)
		if err != nil {
			return nil, err
		}
		defer func() { _ = rows.Close() }()
		found := map[string]int{}
		for rows.Next() {
			var id string
			var n int
			if err := rows.Scan(&id, &n); err != nil {
				return nil, err
			}
			found[id] = n
		}
		return found, rows.Err()
	},
}}

// victim is a process that is going to be killed.
type victim struct {
	Engine, Target string
	Ledger         string // folder of the files that outlive it
	Round          int    // no two processes have the same
	Before         bool   // there is a Before hook
	Aside          bool   // of some conversations one cannot decide on the creation, and of some it refuses it
	// Together is since when all processes hear of the same conversations, at
	// about the same time; zero: each hears of its own.
	Together time.Time
	Instance string // its name among those that share the store
}

// victimVariable makes the test binary a victim instead of a test.
const victimVariable = "CONVTRACK_TEST_VICTIM"

// live is the life of a victim: it follows conversations until it is killed.
// What was acknowledged it notes after the acknowledgement, and what an After
// hook has done, in files: what is written to a file outlives the process.
func live(description string) {
	var v victim
	if err := json.Unmarshal([]byte(description), &v); err != nil {
		panic(err)
	}
	s, err := engines[v.Engine].open(context.Background(), v.Target)
	if err != nil {
		panic(err)
	}
	tracker := v.tracker(s)
	told := v.Round
	if !v.Together.IsZero() {
		told = 0
	}
	source := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
		acknowledged, leftOut := v.ledger("acknowledged"), v.ledger("left out")
		var duplicates atomic.Int64
		var talking sync.WaitGroup
		for who := range talkers {
			talking.Go(func() {
				for i := who; ; i += talkers {
					if told == 0 {
						i = max(i, int(time.Since(v.Together)/beginEvery)*talkers+who)
						time.Sleep(time.Until(v.Together.Add(time.Duration(i/talkers) * beginEvery)))
					}
					for n, part := range v.story(told, i) {
						if err := sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{part}}); err != nil {
							panic(err)
						}
						_, _ = fmt.Fprintf(acknowledged, "%d %d %d\n", told, i, n)
						if n := tracker.Stats().Duplicates; n > duplicates.Swap(n) {
							_, _ = fmt.Fprintln(leftOut)
						}
						fmt.Println()
					}
				}
			})
		}
		talking.Wait()
		return nil
	})
	panic(fmt.Sprint("it ended by itself: ", tracker.Run(context.Background(), source)))
}

const (
	// beginEvery is how often the next conversations begin of which all hear.
	beginEvery = 2 * time.Second

	talkers   = 8   // how many conversations a victim hears of at a time
	mostFacts = 100 // how many facts are acknowledged before it is killed, at most

	// lease is longer than a machine that is busy keeps a victim from renewing it:
	// one that has lost what it held may deliver that for the second time.
	lease = 10 * time.Second
)

// tracker returns a tracker with the hooks of a victim.
func (v victim) tracker(s store.Store) *convtrack.Tracker {
	hooks := events.NewHooks()
	if v.Before {
		events.Before(hooks, "effect-before", func(ctx context.Context, e events.Event) error {
			return engines[v.Engine].effect(ctx, events.TimingBefore, e.Head().ID)
		})
	}
	if v.Aside {
		events.Before(hooks, "screen", v.screen, events.Attempts(1))
	}
	events.After(hooks, "effect-after", func(ctx context.Context, e events.Event) error {
		return engines[v.Engine].effect(ctx, events.TimingAfter, e.Head().ID)
	}, events.InTransaction())
	delivered := v.ledger("delivered")
	events.After(hooks, "note", func(_ context.Context, e events.Event) error {
		_, err := fmt.Fprintf(delivered, "%d %s\n", v.Round, e.Head().ID)
		return err
	})
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Instance: v.Instance, Lease: lease, Logger: slog.New(slog.DiscardHandler), SettleSoon: 5 * time.Millisecond, SettleLate: 10 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	return tracker
}

// screen refuses a quarter of the conversations until it is mended, cannot decide
// on another quarter until then, and on a third one before an agent has joined.
func (v victim) screen(_ context.Context, e *events.ConversationCreated) error {
	_, broken := os.Stat(v.mended())
	switch crc32.ChecksumIEEE([]byte(e.ConversationID)) % 4 {
	case 0:
		if broken != nil {
			return errors.New("not mended")
		}
	case 1:
		if broken != nil {
			return events.NotYet("not mended")
		}
	case 2:
		if !slices.ContainsFunc(e.Conversation.Participants, func(p *conversation.Participant) bool { return p.Purpose == conversation.PurposeAgent }) {
			return events.NotYet("no agent yet")
		}
	}
	return nil
}

// mended is the file that is there when the hook is mended.
func (v victim) mended() string { return filepath.Join(v.Ledger, "mended") }

// asideOf counts what is kept aside of the stories: what hooks have refused, and
// what they could not decide on.
func asideOf(t *testing.T, s store.Store, stories [][]*conversation.Conversation) (refused, undecided int) {
	for _, story := range stories {
		records, err := s.Load(t.Context(), story[0].ID)
		require.NoError(t, err)
		switch kept := records[0].Refused; {
		case kept == nil:
		case kept.Undecided():
			undecided++
		default:
			refused++
		}
	}
	return refused, undecided
}

func (v victim) ledger(name string) *os.File {
	f, err := os.OpenFile(filepath.Join(v.Ledger, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

// story returns what is told of a conversation: the same in each process.
func (v victim) story(round, i int) []*conversation.Conversation {
	scenarios := genesystest.Scenarios()
	random := rand.New(rand.NewPCG(uint64(round), uint64(i)))
	story := scenarios[random.IntN(len(scenarios))].Story().Fresh(random)
	// Snapshots are left out: that one only repeats another, later, is not
	// stored, so the order of two is forgotten with the process.
	messages := append(story.Details(), story.Records()...)
	random.Shuffle(len(messages), func(a, b int) { messages[a], messages[b] = messages[b], messages[a] })
	var parts []*conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		if err != nil {
			panic(err)
		}
		parts = append(parts, m.Conversations...)
	}
	return parts
}

// doomed is a victim that lives.
type doomed struct {
	*exec.Cmd
	died     strings.Builder
	progress *bufio.Reader // a line for each fact that was acknowledged
}

func (v victim) start(t *testing.T) *doomed {
	description, err := json.Marshal(v)
	require.NoError(t, err)
	p := &doomed{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.Env = append(os.Environ(), victimVariable+"="+string(description))
	p.Stderr = &p.died
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	p.progress = bufio.NewReader(out)
	return p
}

func (p *doomed) kill(t *testing.T) {
	require.NoError(t, p.Process.Kill(), "%s", &p.died)
	_ = p.Wait()
	require.Empty(t, p.died.String(), "a victim died before its time")
}

// kill kills victims, of which so many live at a time, and judges what they
// leave. What each hears, any of them looks after. Most come again under the name
// of one that was killed, some under a new one.
func kill(t *testing.T, v victim, atATime, rounds int) {
	t.Logf("-kill-seed=%d", *killSeed)
	random := rand.New(rand.NewPCG(*killSeed, uint64(len(v.Engine))))
	rounds = max(rounds, atATime)
	require.NoError(t, engines[v.Engine].prepare(t.Context(), v.Target))
	alive := make([]*doomed, atATime)
	names := make([]string, atATime)
	replace := func(i int) {
		if v.Round++; names[i] == "" || atATime > 1 && random.IntN(4) == 0 {
			names[i] = fmt.Sprint("victim ", v.Round)
		}
		v.Instance = names[i]
		alive[i] = v.start(t)
	}
	for i := range alive {
		replace(i)
	}
	for round := range rounds {
		i := random.IntN(atATime)
		for range 1 + random.IntN(mostFacts) {
			_, err := alive[i].progress.ReadString('\n')
			require.NoError(t, err, "%s", &alive[i].died)
		}
		if !v.Together.IsZero() { // until they know each other, and what all of them hear
			time.Sleep(time.Duration(random.IntN(6000)) * time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(10_000)) * time.Microsecond)
		if alive[i].kill(t); round < rounds-atATime {
			replace(i)
			continue
		}
		alive, names = slices.Delete(alive, i, i+1), slices.Delete(names, i, i+1)
		atATime--
	}
	v.Round, v.Instance = v.Round+1, "the last one"
	v.bury(t)
}

// bury runs a process to its end on what the victims left, and judges.
func (v victim) bury(t *testing.T) {
	s, err := engines[v.Engine].open(t.Context(), v.Target)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	acknowledged := v.read(t, "acknowledged")
	var aside [][]*conversation.Conversation
	if v.Aside {
		aside = v.mend(t, s, acknowledged)
	}
	tracker := v.finish(t, s, aside)

	type key struct{ round, i int }
	stories, stored := map[key][]*conversation.Conversation{}, map[key]*conversation.Conversation{}
	for _, line := range acknowledged {
		var of key
		var n int
		_, err := fmt.Sscan(line, &of.round, &of.i, &n)
		require.NoError(t, err)
		if stories[of] == nil {
			stories[of] = v.story(of.round, of.i)
			records, err := s.Load(t.Context(), stories[of][n].ID)
			require.NoError(t, err)
			stored[of] = records[0].Conversation
			require.NotNil(t, stored[of], "acknowledged and lost: %s", line)
		}
		part, is := stories[of][n], stored[of]
		require.True(t, conversation.Diff(is, conversation.Merge(is, part)).Empty(), "acknowledged and lost: %s", line)
	}

	delivered, rounds := map[string]int{}, map[string]string{}
	repeats := 0
	for _, line := range v.read(t, "delivered") {
		round, id, _ := strings.Cut(line, " ")
		if delivered[id]++; delivered[id] > 1 {
			require.NotEqual(t, round, rounds[id], "delivered twice by one process")
			repeats++
		}
		rounds[id] = round
	}
	before, err := engines[v.Engine].effects(t.Context(), v.Target, events.TimingBefore)
	require.NoError(t, err)
	after, err := engines[v.Engine].effects(t.Context(), v.Target, events.TimingAfter)
	require.NoError(t, err)
	logged := 0
	for c, err := range tracker.List(t.Context(), store.Query{}) {
		require.NoError(t, err)
		list, err := tracker.Events(t.Context(), c.ID)
		require.NoError(t, err)
		for _, e := range list {
			logged++
			require.Empty(t, e.Deliveries)
			require.NotZero(t, delivered[e.ID], "%s was never delivered", e.ID)
			delete(delivered, e.ID)
			if v.Before {
				require.Equal(t, 1, before[e.ID], "the Before effect of %s", e.ID)
			}
			require.Equal(t, 1, after[e.ID], "the effect of the After hook in the transaction, of %s", e.ID)
			delete(before, e.ID)
			delete(after, e.ID)
		}
	}
	require.Empty(t, delivered, "delivered without being stored")
	require.Empty(t, before, "a Before effect without its event")
	require.Empty(t, after, "an After effect without its event")
	t.Logf("%d processes killed; %d facts acknowledged of %d conversations, %d times or more because their owner had stored them, %d events, %d deliveries repeated",
		v.Round-1, len(acknowledged), len(stories), len(v.read(t, "left out"))-1, logged, repeats)
	require.NotEmpty(t, acknowledged)
	require.LessOrEqual(t, repeats, v.Round*50*talkers, "more is repeated than was in flight")
}

// mend mends the hook, and looks that the victims have left something aside that
// was acknowledged. It returns what is told of each conversation.
func (v victim) mend(t *testing.T, s store.Store, acknowledged []string) (stories [][]*conversation.Conversation) {
	told := map[[2]int]bool{}
	for _, line := range acknowledged {
		var of [2]int
		_, err := fmt.Sscan(line, &of[0], &of[1])
		require.NoError(t, err)
		if !told[of] {
			told[of] = true
			stories = append(stories, v.story(of[0], of[1]))
		}
	}
	refused, undecided := asideOf(t, s, stories)
	t.Logf("of %d conversations %d are refused, %d undecided", len(stories), refused, undecided)
	require.NotZero(t, refused+undecided+len(inboxes(t, s, 1)), "nothing is kept aside")
	require.NoError(t, os.WriteFile(v.mended(), nil, 0o600))
	return stories
}

// finish runs trackers until everything is delivered and decided. One is not always
// enough: a database that has not noticed yet that a victim is dead keeps what it
// held, and what lay in a victim's inbox may be put off after Settle. It waits as
// long as less is left each time: many victims leave much.
func (v victim) finish(t *testing.T, s store.Store, aside [][]*conversation.Conversation) *convtrack.Tracker {
	least, progressed := math.MaxInt, time.Now()
	for ; ; time.Sleep(50 * time.Millisecond) {
		tracker := v.tracker(s)
		require.NoError(t, tracker.Run(t.Context(), sourceFunc(func(ctx context.Context, _ conversation.Sink) error {
			for began := time.Now(); len(inboxes(t, s, 1)) > 0 && time.Since(began) < time.Second; {
				time.Sleep(20 * time.Millisecond)
			}
			if _, err := tracker.RetryAll(ctx, store.FailedQuery{}); err != nil {
				return err
			}
			return tracker.Settle(ctx)
		})))
		refused, undecided := asideOf(t, s, aside)
		undelivered := len(inboxes(t, s, 1_000_000)) + refused + undecided
		for _, err := range tracker.Failed(t.Context(), store.FailedQuery{}) {
			require.NoError(t, err)
			undelivered++
		}
		for c, err := range tracker.List(t.Context(), store.Query{}) {
			require.NoError(t, err)
			records, err := s.Load(t.Context(), c.ID)
			require.NoError(t, err)
			undelivered += len(records[0].Backlog)
		}
		if undelivered == 0 {
			return tracker
		}
		if undelivered < least {
			least, progressed = undelivered, time.Now()
		}
		require.Less(t, time.Since(progressed), 3*time.Minute, "%d deliveries are left over", undelivered)
	}
}

// inboxes are what nobody has taken yet, or some of it.
func inboxes(t *testing.T, s store.Store, limit int) []store.Entry {
	entries, err := s.Inbox(t.Context(), store.InboxQuery{Limit: limit})
	require.NoError(t, err)
	return entries
}

func (v victim) read(t *testing.T, name string) []string {
	data, err := os.ReadFile(filepath.Join(v.Ledger, name))
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}
