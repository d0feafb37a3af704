package inspector

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dcmkit/convtrack/store"
)

const (
	// streamTime is how long a stream lasts: then the browser begins a new one, and
	// is asked anew who it is.
	streamTime = 10 * time.Minute
	// signEvery is how often a stream says that it is there. A page that hears nothing
	// for three times as long takes it for dead: live.js.
	signEvery = 15 * time.Second
	writeTime = 10 * time.Second
	// rest is how many times as long as a look took it rests at least: who follows
	// pages never keeps the store busy.
	rest = 10
)

// live answers with a stream of server-sent events: one each time that a page has
// changed, cannot be read, or shows nothing any more. What it shows then the browser
// asks for as always.
func (h *Handler) live(w http.ResponseWriter, r *http.Request, see viewer) {
	params := r.URL.Query()
	p, is := pages[params.Get("page")]
	if !is {
		h.refuse(w, r, see, http.StatusNotFound, "There is no such page.")
		return
	}
	if !h.streams.try() {
		w.Header().Set("Retry-After", "10")
		h.refuse(w, r, see, http.StatusServiceUnavailable, "Too many pages are followed live.")
		return
	}
	defer h.streams.release()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy may not keep it back
	ctx, cancel := context.WithTimeout(r.Context(), streamTime)
	defer cancel()
	s := &stream{handler: h, to: w, page: p, see: see, params: params}
	s.follow(ctx)
}

// stream is what one browser listens to.
type stream struct {
	handler *Handler
	to      http.ResponseWriter
	page    page
	see     viewer
	params  url.Values

	written time.Time // when it was last written to
	last    string    // what the browser was told last
}

func (s *stream) follow(ctx context.Context) {
	if s.write("retry: 2000\n\n") != nil {
		return
	}
	for {
		began := time.Now()
		state, err := s.state(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errBusy): // with other pages: it says nothing of this one
			err = s.sign()
		case errors.Is(err, store.ErrNotFound):
			err = s.say("gone", "gone")
		case err != nil:
			err = s.say("unread", "unread")
		default:
			err = s.say("changed", state)
		}
		if err != nil {
			return
		}
		if !s.rest(ctx, max(s.page.every, rest*time.Since(began))) {
			return
		}
	}
}

// rest waits, and gives signs of life. It reports whether the stream goes on.
func (s *stream) rest(ctx context.Context, d time.Duration) bool {
	end, sign := time.NewTimer(d), time.NewTicker(signEvery)
	defer end.Stop()
	defer sign.Stop()
	for {
		select {
		case <-end.C:
			return true
		case <-sign.C:
			if s.sign() != nil {
				return false
			}
		case <-ctx.Done():
			return false
		case <-s.handler.ended:
			return false
		}
	}
}

// state is a digest of what the page shows now.
func (s *stream) state(ctx context.Context) (string, error) {
	shows, err := s.handler.read(ctx, s.handler.looks, func(ctx context.Context) (shown, error) {
		return s.page.show(s.handler, ctx, s.see, s.params)
	})
	if err != nil {
		return "", err
	}
	return digest(shows), nil
}

// digest tells one state of a page from another.
func digest(shows shown) string {
	sum := sha256.New()
	if json.NewEncoder(sum).Encode(shows) != nil {
		return ""
	}
	if every := shows.moves(); every > 0 {
		_, _ = fmt.Fprint(sum, time.Now().Truncate(every).Unix())
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
}

// say tells the browser of another state than it knows: changed with what it is now,
// unread while it cannot be read, gone when there is nothing to show any more.
func (s *stream) say(event, state string) error {
	if state == s.last {
		return s.sign()
	}
	s.last = state
	return s.write("event: " + event + "\ndata: " + state + "\n\n")
}

// sign writes a sign of life when it is time for one: an event, as a browser hands no
// comment on.
func (s *stream) sign() error {
	if time.Since(s.written) < signEvery {
		return nil
	}
	return s.write("event: here\ndata:\n\n")
}

func (s *stream) write(text string) error {
	s.written = time.Now()
	control := http.NewResponseController(s.to)
	_ = control.SetWriteDeadline(s.written.Add(writeTime)) // where the server knows deadlines
	if _, err := s.to.Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}
