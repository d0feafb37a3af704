package genesystest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The methods that the API knows, and the headers that the official JavaScript
// SDK (262) sends.
var (
	corsMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
	corsHeaders = []string{"authorization", "content-type"}
)

// allowOrigin is the header that shares an answer with the pages of an origin.
const allowOrigin = "Access-Control-Allow-Origin"

// share lets a page of an allowed origin read the answer (CORS). Which answers
// and headers the platform shares with whom is not known; here they are the
// origins of the redirect URIs, and no headers.
func (s *Server) share(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && s.allowedOrigin(origin) {
		h.Set(allowOrigin, origin)
	}
}

// preflight answers OPTIONS, with which a browser asks whether a page may send
// what it wants to send.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) int {
	allowed := w.Header().Get(allowOrigin) != "" && slices.Contains(corsMethods, r.Header.Get("Access-Control-Request-Method"))
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		allowed = allowed && (name == "" || slices.Contains(corsHeaders, name))
	}
	if !allowed {
		w.WriteHeader(http.StatusForbidden)
		return http.StatusForbidden
	}
	w.Header().Set("Access-Control-Allow-Methods", strings.Join(corsMethods, ", "))
	w.Header().Set("Access-Control-Allow-Headers", strings.Join(corsHeaders, ", "))
	w.WriteHeader(http.StatusNoContent)
	return http.StatusNoContent
}

// allowedOrigin reports whether the page at the URL is of the origin of an OAuth
// client.
func (s *Server) allowedOrigin(page string) bool {
	from, err := url.Parse(page)
	if err != nil {
		return false
	}
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	for _, c := range s.logins.clients {
		for _, uri := range c.RedirectURIs {
			if u, err := url.Parse(uri); err == nil && u.Scheme == from.Scheme && u.Host == from.Host {
				return true
			}
		}
	}
	return false
}
