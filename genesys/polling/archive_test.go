package polling_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
)

// archive is the API of an organisation with many conversations, which began one
// after the other at equal intervals. They are generated when they are requested.
type archive struct {
	from    time.Time
	every   time.Duration
	byDay   bool // the query selects by day, as the platform is said to
	refused func(from, to time.Time) bool
	late    time.Duration // how long after the start of a conversation its record appears
	reach   int           // how far the pages of a query reach; zero: mostResults

	mu     sync.Mutex
	calls  int
	beyond []string // requests that the platform would not accept
}

const (
	mostResults = 100_000
	longest     = 7 * day
)

// first is the number of the first conversation that begins at a time or after.
func (a *archive) first(t time.Time) int { return max(0, int((t.Sub(a.from)+a.every-1)/a.every)) }

func (a *archive) start(n int) time.Time { return a.from.Add(time.Duration(n) * a.every) }

func (a *archive) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	if r.Path != queryPath {
		return []byte(`{}`), nil
	}
	var q struct {
		Order  string
		Paging struct{ PageSize, PageNumber int }
	}
	if err := json.Unmarshal(r.Body, &q); err != nil {
		return nil, err
	}
	from, to, number := readQuestion(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	if to.Sub(from) > longest || number*q.Paging.PageSize > cmp.Or(a.reach, mostResults) {
		a.beyond = append(a.beyond, string(r.Body))
		return nil, &genesys.APIError{Method: http.MethodPost, Path: r.Path, Status: http.StatusBadRequest, Code: "bad.request"}
	}
	if a.refused != nil && a.refused(from, to) {
		return nil, &genesys.APIError{Method: http.MethodPost, Path: r.Path, Status: http.StatusBadRequest, Code: "bad.request"}
	}
	if a.byDay {
		from, to = from.Truncate(day), to.Add(-1).Truncate(day).Add(day)
	}
	low, high := a.first(from), min(a.first(to), a.first(time.Now().Add(-a.late)))
	hits := max(0, high-low)
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"totalHits":%d`, hits)
	for i := range q.Paging.PageSize {
		n := (number-1)*q.Paging.PageSize + i
		if n >= hits {
			break
		}
		if i == 0 {
			b.WriteString(`,"conversations":[`)
		} else {
			b.WriteByte(',')
		}
		if n = low + n; q.Order == "desc" {
			n = high - 1 - (n - low)
		}
		start := a.start(n).UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&b, `{"conversationId":"%d","conversationStart":"%s","conversationEnd":"%s"}`, n, start, start)
	}
	if b.Bytes()[b.Len()-1] == '}' {
		b.WriteByte(']')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// shelf is a tracker that only keeps values: one process, and no conversations.
type shelf struct {
	mu       sync.Mutex
	values   map[string][]byte
	versions map[string]int64
}

func newShelf() *shelf { return &shelf{values: map[string][]byte{}, versions: map[string]int64{}} }

func (s *shelf) Open(context.Context) iter.Seq2[*conversation.Conversation, error] {
	return func(func(*conversation.Conversation, error) bool) {}
}

func (s *shelf) Ended(context.Context, time.Time, time.Time) iter.Seq2[*conversation.Conversation, error] {
	return func(func(*conversation.Conversation, error) bool) {}
}

func (s *shelf) Value(_ context.Context, name string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name], s.versions[name], nil
}

func (s *shelf) SetValue(_ context.Context, name string, value []byte, version int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions[name] != version {
		return 0, store.ErrConflict
	}
	s.values[name] = value
	s.versions[name]++
	return s.versions[name], nil
}

func (s *shelf) Mine(string, string) bool { return true }
func (s *shelf) Moved() <-chan struct{}   { return nil }
func (s *shelf) Instance() string         { return "one" }
func (s *shelf) Alive(string) bool        { return true }

// ledger is a sink that notes which conversations it was given, and what is
// lost.
type ledger struct {
	mu    sync.Mutex
	found []bool
	lost  []conversation.Gap
}

func (l *ledger) sink(_ context.Context, u conversation.Update) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range u.Conversations {
		n, err := strconv.Atoi(c.ID)
		if err != nil {
			return err
		}
		for len(l.found) <= n {
			l.found = append(l.found, make([]bool, 100_000)...)
		}
		l.found[n] = true
	}
	if u.Gap != nil {
		l.lost = append(l.lost, *u.Gap)
	}
	return nil
}

// missing returns how many of the first n conversations were not found, and the
// interval in which they began.
func (l *ledger) missing(a *archive, n int) (count int, from, to time.Time) {
	for i := range n {
		if i < len(l.found) && l.found[i] {
			continue
		}
		if count++; from.IsZero() {
			from = a.start(i)
		}
		to = a.start(i)
	}
	return count, from, to
}

// repaired has the time from the archive's beginning repaired, and returns what
// was found.
func (a *archive) repaired(t *testing.T) (*ledger, polling.Stats) {
	t.Helper()
	l := &ledger{}
	source, err := polling.New(polling.Config{API: a, Tracked: newShelf(), Logger: slog.New(slog.DiscardHandler),
		Lookback: time.Hour, DiscoverEvery: 24 * time.Hour, FollowEvery: 24 * time.Hour, FollowLeast: 24 * time.Hour, JobsEvery: -1, LateAfter: []time.Duration{}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx, l.sink) }()
	synctest.Wait()
	source.Repair(conversation.Gap{Source: "notifications", From: a.from, To: time.Now()})
	for source.Stats().Repaired == 0 {
		time.Sleep(time.Minute)
	}
	cancel()
	require.NoError(t, <-ended)
	return l, source.Stats()
}

// TestARecordIsFoundThatAppearsAsLateAsTheOverlapAllows looks for conversations
// all the time, with records that appear later and later after the start.
func TestARecordIsFoundThatAppearsAsLateAsTheOverlapAllows(t *testing.T) {
	for _, overlap := range []time.Duration{time.Second, time.Minute, 3 * time.Minute, 4 * time.Minute, 10 * time.Minute} {
		for _, every := range []time.Duration{10 * time.Second, 4 * time.Minute} {
			for late := time.Duration(0); late <= overlap; late += min(overlap, time.Minute) {
				synctest.Test(t, func(t *testing.T) {
					a := &archive{from: time.Now(), every: 20 * time.Second, late: late}
					l := &ledger{}
					source, err := polling.New(polling.Config{API: a, Tracked: newShelf(), Logger: slog.New(slog.DiscardHandler),
						Overlap: overlap, DiscoverEvery: every, JobsEvery: -1, LateAfter: []time.Duration{}})
					require.NoError(t, err)
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan error, 1)
					go func() { ended <- source.Run(ctx, l.sink) }()
					time.Sleep(2 * time.Hour)
					cancel()
					require.NoError(t, <-ended)
					count, from, to := l.missing(a, a.first(time.Now().Add(-late-10*time.Minute)))
					require.Zero(t, count, "%v late with an overlap of %v, looked every %v: missing from %v to %v", late, overlap, every, from, to)
				})
			}
		}
	}
}

// selections are the two ways in which the platform may select.
var selections = map[string]bool{"by day": true, "by time": false}

func TestWhatIsOutOfReachFromBothEndsIsALossWithItsInterval(t *testing.T) {
	const perDay, reach = 5_000, 2_000
	synctest.Test(t, func(t *testing.T) {
		a := &archive{from: time.Now(), every: day / perDay, byDay: true, reach: reach}
		time.Sleep(day)
		l, _ := a.repaired(t)
		count, from, to := l.missing(a, perDay)
		require.InDelta(t, perDay-2*reach, count, 10)
		require.Len(t, l.lost, 1)
		require.True(t, l.lost[0].Lost)
		require.False(t, l.lost[0].From.After(from) || l.lost[0].To.Before(to))
		require.Less(t, l.lost[0].To.Sub(l.lost[0].From)-to.Sub(from), 3*a.every)
		require.Less(t, a.calls, 2*reach/100+50)
	})
	synctest.Test(t, func(t *testing.T) {
		a := &archive{from: time.Now(), every: day / perDay, reach: reach} // selected by time, everything is in reach
		time.Sleep(day)
		l, _ := a.repaired(t)
		count, _, _ := l.missing(a, perDay)
		require.Zero(t, count)
		require.Empty(t, l.lost)
	})
}
