package inspector_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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
	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/memstore"
)

// The people who look. The host of the tests knows them by a parameter of the
// first address, which it keeps in a cookie.
var people = map[string]inspector.Access{
	"anna": {Role: inspector.Decide, Actor: "anna", Personal: true},
	"vera": {Role: inspector.View, Actor: "vera"},
	"dora": {Role: inspector.Decide, Actor: "dora"},
	"":     {},
}

const whoHeader = "X-Who"

func accessOf(r *http.Request) inspector.Access {
	who := r.Header.Get(whoHeader)
	if c, err := r.Cookie("who"); err == nil && who == "" {
		who = c.Value
	}
	return people[who]
}

// desk is a tracker that runs, with the inspector before it.
type desk struct {
	*testing.T
	*convtrack.Tracker
	hooks  *events.Hooks
	pages  *inspector.Handler
	broken atomic.Bool // the hook notify-crm fails,
	quotes atomic.Bool // and its error quotes the customer's number
	panics atomic.Bool // the hook case-owner
	url    string      // of the pages, with a slash
	log    *logbook
}

// newDesk runs a tracker on a store in memory.
func newDesk(t *testing.T, change ...func(*inspector.Config)) *desk {
	return newDeskOn(t, memstore.New(), change...)
}

func newDeskOn(t *testing.T, s store.Store, change ...func(*inspector.Config)) *desk {
	t.Helper()
	return newDeskWith(t, s, nil, func(*events.Hooks) {}, change...)
}

// newDeskWith runs it with sources, and with more hooks.
func newDeskWith(t *testing.T, s store.Store, sources []convtrack.Source, hooks func(*events.Hooks), change ...func(*inspector.Config)) *desk {
	t.Helper()
	d := &desk{T: t, hooks: events.NewHooks(), log: &logbook{}}
	once := events.Attempts(1)
	events.After(d.hooks, "notify-crm", func(_ context.Context, e *events.AgentConnected) error {
		customer, _ := e.Conversation.Customer()
		switch {
		case d.quotes.Load():
			return errors.New("the CRM refuses the contact of " + customer.Address)
		case d.broken.Load():
			return errors.New("the CRM answers 503: maintenance until 18:00")
		}
		return nil
	}, once)
	events.After(d.hooks, "case-owner", func(context.Context, *events.AgentTransferred) error {
		if d.panics.Load() {
			panic("the case has no owner")
		}
		return nil
	}, once)
	hooks(d.hooks)
	logger := slog.New(slog.NewTextHandler(d.log, nil))
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: d.hooks, Instance: "backend-1", Logger: logger})
	require.NoError(t, err)
	d.Tracker = tracker
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, sources...) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})

	config := inspector.Config{Tracker: tracker, Access: accessOf, Logger: logger}
	for _, f := range change {
		f(&config)
	}
	pages, err := inspector.New(config)
	require.NoError(t, err)
	d.pages = pages
	mux := http.NewServeMux()
	mux.Handle("/operate/", http.StripPrefix("/operate", pages))
	mux.HandleFunc("GET /as/{who}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "who", Value: r.PathValue("who"), Path: "/"})
		http.Redirect(w, r, "/operate/"+r.URL.Query().Get("to"), http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		pages.Close()
		server.Close()
	})
	d.url = server.URL + "/operate/"
	return d
}

// logbook is what is logged. It is safe for concurrent use.
type logbook struct {
	lines atomic.Pointer[string]
}

func (l *logbook) Write(p []byte) (int, error) {
	for {
		was := l.lines.Load()
		text := string(p)
		if was != nil {
			text = *was + text
		}
		if l.lines.CompareAndSwap(was, &text) {
			return len(p), nil
		}
	}
}

func (l *logbook) String() string {
	if text := l.lines.Load(); text != nil {
		return *text
	}
	return ""
}

// story is a call that is transferred, as it has gone until the given time ago.
func story(id string, ago time.Duration) *genesystest.Story {
	s := genesystest.NewStory(id)
	s.Start = time.Now().Add(-ago).Truncate(time.Millisecond)
	customer := s.Customer("customer", 0).Ends(6*time.Minute, "endpoint")
	customer.Name, customer.Address = "Rosa Lindqvist", "tel:+31612345678"
	s.IVR("ivr", 0).Ends(25*time.Second, "transfer")
	queue := s.Queue("queue", 25*time.Second, "q-billing").Ends(70*time.Second, "transfer")
	first := s.Agent("first", 55*time.Second, "user-maria", "q-billing").Answer(70*time.Second).Hold(130*time.Second, 160*time.Second).
		Ends(3*time.Minute, "transfer").WrapUp(3*time.Minute+40*time.Second, "billing")
	first.Name = "Maria Olsen"
	queue.AnsweredBy(first, 0)
	again := s.Queue("again", 3*time.Minute, "q-contracts").Ends(3*time.Minute+35*time.Second, "transfer")
	second := s.Agent("second", 3*time.Minute+20*time.Second, "user-jonas", "q-contracts").Answer(3*time.Minute+35*time.Second).
		Ends(6*time.Minute, "peer").WrapUp(7*time.Minute, "contract")
	second.Name = "Jonas Weber"
	again.AnsweredBy(second, 0)
	return s
}

// tell says a story as far as it has gone by now.
func (d *desk) tell(s *genesystest.Story) {
	d.Helper()
	d.tellUntil(s, time.Since(s.Start))
}

func (d *desk) tellUntil(s *genesystest.Story, until time.Duration) {
	d.Helper()
	moments := s.Moments()
	for i, m := range s.Snapshots() {
		if at := moments[min(i, len(moments)-1)]; at <= until {
			d.say(m, s.Start.Add(at))
		}
	}
}

func (d *desk) say(message []byte, at time.Time) {
	d.Helper()
	m, err := genesys.Decode(message, at)
	require.NoError(d, err)
	require.NoError(d, d.Observe(d.Context(), conversation.Update{Conversations: m.Conversations}))
}

// fails waits until so much of the hook has failed.
func (d *desk) fails(n int) {
	d.Helper()
	require.Eventually(d, func() bool {
		page, err := d.FailedPage(d.Context(), store.FailedQuery{})
		return err == nil && len(page.Items) == n
	}, time.Minute, 10*time.Millisecond)
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   string
}

// get asks for a page on somebody's behalf.
func (d *desk) get(who, page string) reply {
	d.Helper()
	return d.do(who, http.MethodGet, page, nil)
}

// post sends a form.
func (d *desk) post(who, page string, form url.Values, header ...string) reply {
	d.Helper()
	return d.do(who, http.MethodPost, page, form, header...)
}

func (d *desk) do(who, method, page string, form url.Values, header ...string) reply {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, d.url+page, strings.NewReader(form.Encode()))
	require.NoError(d, err)
	r.Header.Set(whoHeader, who)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	answer, err := client.Do(r)
	require.NoError(d, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(d, err)
	return reply{answer.StatusCode, answer.Header, string(body)}
}

// from asks pages that another process serves.
func (d *desk) from(pages *inspector.Handler, who, page string) string {
	d.Helper()
	r := httptest.NewRequestWithContext(d.Context(), http.MethodGet, "/"+page, nil)
	r.Header.Set(whoHeader, who)
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	require.Equal(d, http.StatusOK, w.Code, page)
	return w.Body.String()
}
