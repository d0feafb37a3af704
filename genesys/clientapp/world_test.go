//go:build !race

package clientapp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/internal/browsertest"
	"github.com/dcmkit/convtrack/store/memstore"
)

// world is what a browser sees, on three sites: the agent's desktop (localhost),
// the case system that serves the app (dcm.localhost), and Genesys Cloud
// (127.0.0.1). The case system follows conversations with a tracker that asks the
// API only when it is hinted at something.
type world struct {
	*testing.T
	genesys *genesystest.Server
	tracker *convtrack.Tracker
	app     *clientapp.App
	desktop string // address of the desktop
	page    string // address of the app
	widgets int

	mu         sync.Mutex
	heard      []clientapp.Heard
	owners     map[string]string // of the case, by conversation
	gave       map[string]time.Time
	title      string // of each case
	violations []string
	requests   []string                       // of the app, as "POST updates"
	fails      map[string]int                 // status by request
	rewrites   map[string]func(string) string // of what the app answers, by file
}

// agents names users as the case system does.
var agents = map[string]string{"user-a": "Alice", "user-b": "Bob", "user-c": "Carol"}

type arrangement struct {
	simulator []genesystest.Option
	config    func(*clientapp.Config)
}

func newWorld(t *testing.T, change ...func(*arrangement)) *world {
	t.Helper()
	browsertest.Open(t)
	is := arrangement{simulator: []genesystest.Option{users, genesystest.RateLimit(0)}, config: func(*clientapp.Config) {}}
	for _, f := range change {
		f(&is)
	}
	w := &world{T: t, genesys: genesystest.NewServer(t, is.simulator...), owners: map[string]string{}, gave: map[string]time.Time{},
		fails: map[string]int{}, rewrites: map[string]func(string) string{}}
	quiet := slog.New(slog.DiscardHandler)
	desktop := httptest.NewServer(http.HandlerFunc(w.serveDesktop))
	t.Cleanup(desktop.Close)
	w.desktop = strings.Replace(desktop.URL, "127.0.0.1", "localhost", 1)
	mux := http.NewServeMux()
	dcm := httptest.NewServer(mux)
	t.Cleanup(func() {
		dcm.CloseClientConnections()
		dcm.Close()
	})
	w.page = strings.Replace(dcm.URL, "127.0.0.1", "dcm.localhost", 1) + "/genesys/app/"

	w.follow(quiet)
	c := clientapp.Config{
		BaseURL: w.genesys.URL(), ClientID: bridge, OrganizationID: organization, Embedders: []string{w.desktop}, SDK: os.DirFS(nodeModules(t)),
		Sink: w.tracker.Observe, Conversation: w.tracker.Get, API: w.genesys.API(), Case: w.caseOf, CaseEvery: time.Hour, Heard: w.hear, Logger: quiet,
	}
	is.config(&c)
	w.genesys.AddCodeClients(genesystest.CodeClient{ID: c.ClientID, RedirectURIs: []string{w.page}})
	w.genesys.SignIn("user-a")
	var err error
	w.app, err = clientapp.New(c)
	require.NoError(t, err)
	t.Cleanup(w.app.Close)
	mux.Handle("/genesys/app/", http.StripPrefix("/genesys/app/", http.HandlerFunc(w.serveApp)))
	mux.HandleFunc("POST /violations", w.violation)
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		require.Empty(t, w.violations, "the browser has reported violations of the policy")
	})
	return w
}

// follow runs the tracker and its hooks.
func (w *world) follow(log *slog.Logger) {
	hooks := events.NewHooks()
	events.Before(hooks, "link-case", func(_ context.Context, e *events.ConversationCreated) error {
		e.SetAttribute("caseId", "CASE-"+e.ConversationID)
		return nil
	})
	events.After(hooks, "case-owner", func(_ context.Context, e *events.AgentConnected) error {
		w.give(e.ConversationID, e.UserID)
		return nil
	})
	var err error
	w.tracker, err = convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: log})
	require.NoError(w, err)
	const never = 1000 * time.Hour
	poller, err := polling.New(polling.Config{API: w.genesys.API(), Tracked: w.tracker, Logger: log, DiscoverEvery: never, FollowEvery: never,
		FollowBeside: never, FollowLeast: never, JobsEvery: -1, LateAfter: []time.Duration{}, Lookback: time.Second})
	require.NoError(w, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.tracker.Run(ctx, poller) }()
	w.Cleanup(func() { cancel(); require.NoError(w, <-ended) })
}

// give makes somebody the owner of the case.
func (w *world) give(id, user string) {
	w.mu.Lock()
	w.owners[id], w.gave[user] = user, time.Now()
	w.mu.Unlock()
	w.app.CaseChanged(id)
}

func (w *world) caseOf(ctx context.Context, id string, _ clientapp.Agent) (clientapp.Case, error) {
	c, err := w.tracker.Get(ctx, id)
	if err != nil {
		return clientapp.Case{}, nil // it is not known yet
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return clientapp.Case{ID: c.Attributes["caseId"], Title: w.title, Status: "open", Owner: agents[w.owners[id]], OwnerID: w.owners[id],
		URL: "https://dcm.example.com/cases/7"}, nil
}

func (w *world) hear(_ context.Context, h clientapp.Heard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, h)
}

// told counts what the page has said of a conversation, by kind.
func (w *world) told(id string) map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[string]int{}
	for _, h := range w.heard {
		if h.ConversationID == id {
			n[h.Kind]++
		}
	}
	return n
}

// looksAfter does something, and waits until the page has looked at a
// conversation since.
func (w *world) looksAfter(id string, do func()) {
	w.Helper()
	since := time.Now().Truncate(time.Millisecond)
	do()
	w.until("the page looks", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.ContainsFunc(w.heard, func(h clientapp.Heard) bool {
			return h.ConversationID == id && h.Kind == "snapshot" && !h.At.Before(since)
		})
	})
}

// goesOn waits until events of a conversation arrive. While a connection is taken up
// again they are seen by looking alone.
func (w *world) goesOn(id string) {
	w.Helper()
	events := w.told(id)["event"]
	w.until("events go on", func() bool {
		w.touch(id, fmt.Sprint(time.Now().UnixNano()))
		return w.told(id)["event"] > events
	})
}

// serveApp serves the app, whose policy it lets the browser report violations of.
func (w *world) serveApp(out http.ResponseWriter, r *http.Request) {
	asked := r.Method + " " + r.URL.Path
	w.mu.Lock()
	w.requests = append(w.requests, asked)
	status, rewrite := w.fails[asked], w.rewrites[r.URL.Path]
	w.mu.Unlock()
	if status != 0 {
		out.WriteHeader(status)
		return
	}
	if rewrite == nil {
		w.app.ServeHTTP(&reporting{out}, r)
		return
	}
	r.Header.Del("Accept-Encoding")
	answer := httptest.NewRecorder()
	w.app.ServeHTTP(&reporting{answer}, r)
	maps.Copy(out.Header(), answer.Header())
	out.Header().Del("ETag")
	out.Header().Del("Content-Length")
	_, _ = io.WriteString(out, rewrite(answer.Body.String()))
}

// rewrite changes a file of the app before a browser gets it.
func (w *world) rewrite(file string, old, new string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rewrites[file] = func(text string) string {
		require.Contains(w, text, old)
		return strings.ReplaceAll(text, old, new)
	}
}

// reporting adds to the policy where violations are reported.
type reporting struct{ http.ResponseWriter }

func (r *reporting) WriteHeader(status int) {
	if policy := r.Header().Get("Content-Security-Policy"); policy != "" {
		r.Header().Set("Content-Security-Policy", policy+"; report-uri /violations")
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *reporting) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (w *world) violation(_ http.ResponseWriter, r *http.Request) {
	report, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, string(report))
}

// fail has requests of the app answered so; 0: as usual.
func (w *world) fail(request string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails[request] = status
}

// serveDesktop serves a page with a sandboxed frame for each src of its address.
// It keeps what the frames say, and tells them what it is told to.
func (w *world) serveDesktop(out http.ResponseWriter, r *http.Request) {
	frames, err := json.Marshal(r.URL.Query()["src"])
	require.NoError(w, err)
	sandbox := r.URL.Query().Get("sandbox")
	if sandbox == "" {
		sandbox = "allow-scripts allow-same-origin allow-forms allow-popups"
	}
	out.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(out, `<!doctype html><title>desktop</title><body style="margin:0"><script>
		const said = [];
		addEventListener('message', e => e.data && e.data.protocol === 'purecloud-client-apps' && said.push([e.data.action, e.origin]));
		const tell = hook => document.querySelectorAll('iframe').forEach(f => f.contentWindow.postMessage({purecloudEventType: 'appLifecycleHook', hook}, '*'));
		for (const src of %s) {
			const f = document.createElement('iframe');
			f.setAttribute('sandbox', %q);
			f.style = 'border:0;display:block;width:100%%;height:100vh';
			f.src = src;
			document.body.append(f);
		}
	</script>`, frames, sandbox)
}

// widget is the address of the page for a conversation; "" is all of the agent's
// own. Each is another one, so that its frame is found.
func (w *world) widget(id string, more ...string) string {
	w.widgets++
	q := url.Values{"n": {strconv.Itoa(w.widgets)}, "gcHostOrigin": {w.desktop}, "gcTargetEnv": {"prod"}, "gcLangTag": {"en-us"}}
	if id != "" {
		q.Set("gcConversationId", id)
	}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return w.page + "?" + q.Encode()
}

// opens shows pages on a desktop of their own.
func (w *world) opens(pages ...string) (desktop *browsertest.View, frames []*browsertest.View) {
	w.Helper()
	desktop = browsertest.OpenTab(w.T, w.desktop+"/?"+url.Values{"src": pages}.Encode())
	for _, p := range pages {
		frames = append(frames, browsertest.Find(w.T, "iframe", p))
	}
	return desktop, frames
}

// open shows the widget of a conversation on a desktop.
func (w *world) open(id string) *browsertest.View {
	w.Helper()
	_, frames := w.opens(w.widget(id))
	return frames[0]
}

// talk lets an agent talk with a customer, without end.
func (w *world) talk(id, user string) *genesystest.Playing {
	story := genesystest.NewStory(id)
	customer := story.Customer(id+"-customer", 0)
	queue := story.Queue(id+"-queue", 10*time.Millisecond, "q-1")
	agent := story.Agent(id+"-agent", 20*time.Millisecond, user, "q-1").Answer(30 * time.Millisecond)
	queue.AnsweredBy(agent, 10*time.Millisecond)
	customer.Peer = agent.Session
	playing := w.genesys.Play(story)
	w.Cleanup(playing.Stop)
	require.Eventually(w, func() bool {
		_, err := w.genesys.API().Call(context.Background(), genesys.Request{Path: "/api/v2/conversations/" + id})
		return err == nil
	}, browsertest.Long, 5*time.Millisecond)
	time.Sleep(50 * time.Millisecond) // the agent has answered
	return playing
}

// touch changes something in a conversation, so that there is an event.
func (w *world) touch(id, value string) {
	body, err := json.Marshal(map[string]any{"attributes": map[string]string{"touched": value}})
	require.NoError(w, err)
	_, err = w.genesys.API().Call(w.Context(), genesys.Request{Method: http.MethodPatch, Body: body,
		Path: "/api/v2/conversations/" + id + "/participants/p-" + id + "-agent/attributes"})
	require.NoError(w, err)
}

// until waits until something is so.
func (w *world) until(what string, is func() bool) {
	w.Helper()
	require.Eventually(w, is, browsertest.Long, 10*time.Millisecond, what)
}

// asked counts the requests that Genesys Cloud has got.
func (w *world) asked(method, path string) (n int) {
	for _, r := range w.genesys.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}

// knows returns what the tracker knows of a conversation; nil: nothing.
func (w *world) knows(id string) *conversation.Conversation {
	c, err := w.tracker.Get(w.Context(), id)
	if err != nil {
		return nil
	}
	return c
}
