package genesystest_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// inbox gathers envelopes.
type inbox struct {
	mu   sync.Mutex
	list [][]byte
}

func (i *inbox) add(b []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.list = append(i.list, b)
}

func (i *inbox) all() [][]byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.list
}

func TestEnvelopesCarryAllDetailEvents(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		var got inbox
		stop := s.Envelopes(got.add)
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		synctest.Wait()
		require.Len(t, got.all(), len(transfer().DetailEvents()))
		ids := map[string]bool{}
		for _, e := range got.all() {
			m, err := genesys.Decode(e, time.Time{})
			require.NoError(t, err)
			require.Equal(t, genesys.KindConversation, m.Kind)
			ids[m.EnvelopeID] = true
		}
		require.Len(t, ids, len(got.all()))
		stop()
		synctest.Wait()
		before := len(got.all())
		story := transfer()
		story.ID = "c-2"
		require.NoError(t, s.Play(story).Wait(t.Context()))
		require.Len(t, got.all(), before)
	})
}

func TestEnvelopesAreDuplicatedAndReordered(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		s.Faults().Envelopes(genesystest.FrameFaults{Duplicate: 0.5, Reorder: 0.5, Jitter: time.Minute})
		var got inbox
		s.Envelopes(got.add)
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		time.Sleep(time.Hour)
		require.Len(t, got.all(), len(transfer().DetailEvents())+int(s.Counts().Duplicated))
		require.NotZero(t, s.Counts().Reordered)
	})
}

func TestAReopenedMessageFiresOldAfterCallWorkAgain(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, _ *client) {
		for _, scenario := range genesystest.Scenarios() {
			if scenario.Name != "re-opened twice" {
				continue
			}
			var got inbox
			s.Envelopes(got.add)
			story := scenario.Story()
			require.NoError(t, s.Play(story).Wait(t.Context()))
			synctest.Wait()
			require.Len(t, got.all(), len(story.DetailEvents())+1+2)
		}
	})
}

func TestAnAPIDestinationIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		var got inbox
		n := 0
		s.PostEnvelopes(genesystest.Destination{URL: "http://here/events", Header: http.Header{"X-Key": {"k"}},
			Client: &http.Client{Transport: roundTrip(func(r *http.Request) int {
				require.Equal(t, "k", r.Header.Get("X-Key"))
				n++
				switch {
				case n <= 3:
					return http.StatusServiceUnavailable
				case n == 4:
					<-r.Context().Done() // too slow
					return 0
				case n == 5:
					return http.StatusForbidden
				}
				body, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				got.add(body)
				return http.StatusNoContent
			})}})
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		time.Sleep(time.Hour)
		synctest.Wait()
		events := len(transfer().DetailEvents())
		require.Len(t, got.all(), events-1, "what is refused for good is given up")
		require.EqualValues(t, 1, s.Counts().Dropped)
		require.Equal(t, events+4, n)
	})
}

func TestAnAPIDestinationIsGivenUpInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		n := 0
		s.PostEnvelopes(genesystest.Destination{URL: "http://here/events", Attempts: 3,
			Client: &http.Client{Transport: roundTrip(func(*http.Request) int { n++; return http.StatusTooManyRequests })}})
		require.NoError(t, s.Play(transfer()).Wait(t.Context()))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 3*len(transfer().DetailEvents()), n)
	})
}

// roundTrip is a transport that answers with a status; zero: not at all.
type roundTrip func(*http.Request) int

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	status := f(r)
	if status == 0 {
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

// TestAnEnvelopeSaysTheSameWhereverItsTypeStands: an envelope is read in one pass
// when its type is found at its beginning, and in several otherwise.
func TestAnEnvelopeSaysTheSameWhereverItsTypeStands(t *testing.T) {
	far := []byte(`{"something else":"` + strings.Repeat("x", 300) + `",`)
	for _, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		for _, envelope := range slices.Concat(story.Envelopes(), story.SnapshotEnvelopes()) {
			for name, decode := range map[string]func([]byte, time.Time) (*genesys.Message, error){"Decode": genesys.Decode, "DecodeDelivered": genesys.DecodeDelivered} {
				near, err := decode(envelope, story.Start.Add(time.Hour))
				require.NoError(t, err)
				require.NotEmpty(t, near.EnvelopeID)
				other, err := decode(append(far[:len(far):len(far)], envelope[1:]...), story.Start.Add(time.Hour))
				require.NoError(t, err)
				require.Equal(t, other, near, "%s: %s", name, scenario.Name)
			}
		}
	}
}
