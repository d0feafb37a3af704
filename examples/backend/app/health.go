package app

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"

	"github.com/dcmkit/convtrack"
)

// health answers GET /healthz: 200 while the process serves, whatever else is
// wrong, so that nobody restarts it because its database is slow. With ?verbose it
// tells how the tracker does, to who asks from this machine: what it says can name
// hosts.
type health struct{ tracker *convtrack.Tracker }

func (h health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("verbose") || !fromHere(r) || !toHere(r) {
		_, _ = fmt.Fprintln(w, "ok")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(h.tracker.Health(r.Context())) // who asked has gone, if it fails
}

// fromHere reports whether the request comes from this machine, and not through a
// proxy on it.
func fromHere(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}
