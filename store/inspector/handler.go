package inspector

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store"
)

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	config  Config
	tracker *convtrack.Tracker
	origin  *http.CrossOriginProtection
	health  *health

	reads, looks slots // of the store: by pages, and by streams
	streams      slots

	close sync.Once
	ended chan struct{} // closed by Close
}

// New returns a handler of the pages, to be served under any prefix:
//
//	pages, err := inspector.New(inspector.Config{Tracker: tracker, Access: access})
//	mux.Handle("/operate/", http.StripPrefix("/operate", pages))
//	server.RegisterOnShutdown(pages.Close)
func New(c Config) (*Handler, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	return &Handler{
		config: c, tracker: c.Tracker, origin: http.NewCrossOriginProtection(), health: &health{tracker: c.Tracker},
		reads: newSlots(c.Reads), looks: newSlots(1), streams: newSlots(c.Streams), ended: make(chan struct{}),
	}, nil
}

// Close ends the pages that are followed live. It is for the end of the server,
// which waits for them otherwise. It may be called twice.
func (h *Handler) Close() { h.close.Do(func() { close(h.ended) }) }

// page is one of the pages: what it shows is worked out once, for people, as JSON
// and to see whether it has changed.
type page struct {
	title string
	// show works out what the page shows.
	show func(*Handler, context.Context, viewer, url.Values) (shown, error)
	// every is how often it is looked at for those who follow it.
	every time.Duration
}

// shown is what a page shows. It encodes to the page's JSON.
type shown interface {
	// moves is how often the page changes by the clock alone; 0 when it does not.
	moves() time.Duration
}

// pages are all pages, by the last part of their address. Their links are
// relative, so that they work under any prefix.
var pages = map[string]page{
	"":             {"Conversations", (*Handler).showConversations, 2 * time.Second},
	"conversation": {"Conversation", (*Handler).showConversation, time.Second},
	"failed":       {"Failed", (*Handler).showFailed, 2 * time.Second},
	"health":       {"Health", (*Handler).showHealth, 5 * time.Second},
	"processes":    {"Processes", (*Handler).showProcesses, 5 * time.Second},
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	name := strings.TrimPrefix(r.URL.Path, "/")
	if to := slashed(r); to != "" {
		w.Header().Set("Location", to) // relative, under whatever prefix
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	access := h.config.Access(r)
	see := viewer{Access: access}
	switch {
	case !access.mayView():
		h.refuse(w, r, see, http.StatusForbidden, "You have no right to see this.")
	case r.Method == http.MethodPost && (name == "failed" || name == "failed.json"):
		h.decide(w, r, see, name == "failed.json")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		h.refuse(w, r, see, http.StatusMethodNotAllowed, "This page can only be read.")
	case name == "live":
		h.live(w, r, see)
	default:
		h.get(w, r, see, name)
	}
}

// slashed is the address of the first page when the prefix was asked for without its
// slash, from which relative links would lead astray; else it is empty.
func slashed(r *http.Request) string {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	last := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case r.URL.Path != "" || last == "":
		return ""
	case query != "":
		query = "?" + query
	}
	return "./" + last + "/" + query
}

// get answers a file, or a page for people or for programs.
func (h *Handler) get(w http.ResponseWriter, r *http.Request, see viewer, name string) {
	if f, is := files[name]; is {
		w.Header().Set("Content-Type", f.kind)
		_, _ = w.Write(f.content)
		return
	}
	name, asJSON := strings.CutSuffix(name, ".json")
	if asJSON && name == "conversations" {
		name = ""
	}
	p, is := pages[name]
	if !is {
		h.refuse(w, r, see, http.StatusNotFound, "There is no such page.")
		return
	}
	shows, err := h.read(r.Context(), h.reads, func(ctx context.Context) (shown, error) { return p.show(h, ctx, see, r.URL.Query()) })
	switch {
	case err != nil:
		status, why := h.explain(err)
		h.refuse(w, r, see, status, why)
	case asJSON:
		answer(w, http.StatusOK, shows)
	default:
		h.render(w, http.StatusOK, h.frame(see, name, p.title, r.URL.Query(), shows))
	}
}

// badRequest says what is wrong with a request.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// explain returns the status and the sentence for an error. What the store says
// can name hosts and users, so it goes to the log alone.
func (h *Handler) explain(err error) (status int, why string) {
	var bad badRequest
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest, bad.Error()
	case errors.Is(err, store.ErrCursor):
		return http.StatusBadRequest, "This is not a page of the listing. Begin at its first page."
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound, "The conversation is not tracked: nobody has heard of it, it was vetoed or forgotten, or a Before hook refuses it (then it is under Failed)."
	case errors.Is(err, errBusy):
		return http.StatusServiceUnavailable, "Too many people look at the same time. Try again in a moment."
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "The store did not answer in time. Select fewer conversations, or look at Health."
	case errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, "The request was given up."
	}
	h.config.Logger.Error("the inspector cannot read the store", "error", err)
	return http.StatusServiceUnavailable, "The store does not answer. The log says why; Health says since when."
}

// refuse answers why a request gets no page, in the form that it asks for.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, see viewer, status int, why string) {
	if strings.HasSuffix(r.URL.Path, ".json") {
		answer(w, status, map[string]string{"error": why})
		return
	}
	h.render(w, status, h.frame(see, "", http.StatusText(status), nil, refusal{why}))
}

// refusal is a page that only says why it is none.
type refusal struct {
	Why string `json:"error"`
}

func (refusal) moves() time.Duration { return 0 }

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // who asked has gone, if it fails
}
