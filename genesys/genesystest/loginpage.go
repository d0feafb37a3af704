package genesystest

import (
	_ "embed"
	"html/template"
	"net/http"
)

// sessionCookie is how a browser is known in which somebody has logged in.
const sessionCookie = "simulator-session"

// signedIn is who is logged in in the browser; empty: nobody.
func (s *Server) signedIn(r *http.Request) string {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	if cookie, err := r.Cookie(sessionCookie); err == nil && s.logins.sessions[cookie.Value] != "" {
		return s.logins.sessions[cookie.Value]
	}
	return s.logins.everywhere
}

// beginSession logs the user in in the browser; empty: nobody any more. The
// cookie goes along from frames of other sites, as that of the platform has to.
func (s *Server) beginSession(w http.ResponseWriter, user string) {
	value := s.dice.uuid()
	s.logins.mu.Lock()
	if user != "" {
		s.logins.sessions[value] = user
	}
	s.logins.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode})
}

//go:embed login.html
var loginHTML string

var loginTemplate = template.Must(template.New("login").Parse(loginHTML))

// loginPage shows the page on which a user logs in, or why nobody can. Like that
// of identity providers it cannot be shown in a frame; whether the platform's own
// can is not known.
func (s *Server) loginPage(w http.ResponseWriter, status int, problem string) int {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = loginTemplate.Execute(w, struct { // the browser may have gone
		Problem string
		Users   []Entry
	}{problem, s.directory.find(s.directory.users, nil, "")})
	return status
}
