package inspector_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/memstore"
)

// follow listens to the stream of a page, and returns what is said on it: one
// string for each event. The channel is closed when the stream ends.
func (d *desk) follow(who, page string) (status int, says <-chan string) {
	d.Helper()
	ctx, cancel := context.WithCancel(d.Context())
	d.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"live?page="+page, nil)
	require.NoError(d, err)
	r.Header.Set(whoHeader, who)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	require.NoError(d, err)
	d.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode, nil
	}
	require.Equal(d, "text/event-stream", answer.Header.Get("Content-Type"))
	events := make(chan string, 100)
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if state, is := strings.CutPrefix(lines.Text(), "data: "); is {
				events <- state
			}
		}
	}()
	return answer.StatusCode, events
}

// next waits for what is said next.
func (d *desk) next(says <-chan string) string {
	d.Helper()
	select {
	case said, is := <-says:
		require.True(d, is, "the stream has ended")
		return said
	case <-time.After(time.Minute):
		d.Fatal("nothing is said")
		return ""
	}
}

func TestAStreamSaysWhenItsPageHasChanged(t *testing.T) {
	d := newDesk(t)
	s := story("c-1", 0)
	d.tellUntil(s, time.Hour) // it has ended, so that nothing moves by itself
	_, says := d.follow("anna", "conversation&id=c-1")
	first := d.next(says)
	for !strings.Contains(d.get("anna", "conversation?id=c-1").body, `data-state="`+first+`"`) { // the page knows which state it shows
		first = d.next(says) // a hook was not done
	}
	require.NoError(t, d.SetAttributes(t.Context(), "c-1", map[string]string{"caseId": "4711"}))
	require.NotEqual(t, first, d.next(says))
}

func TestAStreamOfWhatIsNotThereYetGoesOn(t *testing.T) {
	d := newDesk(t)
	status, says := d.follow("anna", "conversation&id=c-1")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "gone", d.next(says))
	d.tellUntil(story("c-1", 0), time.Hour)
	require.NotEqual(t, "gone", d.next(says))
}

func TestAStreamEndsWithTheHandler(t *testing.T) {
	d := newDesk(t)
	_, says := d.follow("anna", "")
	d.next(says)
	d.pages.Close()
	for range says { // until it ends
	}
}

func TestNoMorePagesAreFollowedThanTheHostAllows(t *testing.T) {
	d := newDesk(t, func(c *inspector.Config) { c.Streams = 1 })
	_, says := d.follow("anna", "")
	d.next(says)
	status, _ := d.follow("anna", "health")
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _ = d.follow("anna", "unknown")
	require.Equal(t, http.StatusNotFound, status)
}

func TestWhoFollowsPagesReadsOneAtATimeAndKeepsNobodyWaiting(t *testing.T) {
	held := &gate{Store: memstore.New(), open: make(chan struct{})}
	d := newDeskOn(t, held)
	for range 5 {
		status, _ := d.follow("anna", "")
		require.Equal(t, http.StatusOK, status)
	}
	require.Eventually(t, func() bool { return held.reading.Load() == 1 }, time.Minute, time.Millisecond)
	require.Equal(t, http.StatusNotFound, d.get("anna", "conversation?id=unknown").status, "pages have reads of their own")
	require.Equal(t, int64(1), held.most.Load())
	close(held.open)
}

func TestAStreamSaysThatWhatItFollowsIsForgotten(t *testing.T) {
	d := newDesk(t)
	d.tellUntil(story("c-1", 0), time.Hour)
	_, says := d.follow("anna", "conversation&id=c-1")
	d.next(says)
	_, err := d.Forget(t.Context(), "c-1")
	require.NoError(t, err)
	for d.next(says) != "gone" { // a hook was not done
	}
}

func TestAStreamSaysWhenItsPageCannotBeRead(t *testing.T) {
	away := &outage{Store: memstore.New()}
	d := newDeskOn(t, away)
	d.tellUntil(story("c-1", 0), time.Hour)
	for _, page := range []string{"conversation&id=c-1", ""} {
		_, says := d.follow("anna", page)
		d.next(says)
		away.down.Store(true)
		for d.next(says) != "unread" {
		}
		away.down.Store(false)
		require.NotEqual(t, "unread", d.next(says), "that it is over is said, too")
	}
}
