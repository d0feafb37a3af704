package genesystest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"
)

// CodeClient is an OAuth client with the grant Code Authorization, with which
// users log in from a browser. It has no secret: a login is proven by PKCE (RFC
// 7636).
type CodeClient struct {
	ID string
	// RedirectURIs are where a login may lead back to, each letter of them. The
	// browser may call the API from their origins.
	RedirectURIs []string
	Scopes       []string
}

// AddCodeClients adds OAuth clients for users, or changes them.
func (s *Server) AddCodeClients(clients ...CodeClient) {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	for _, c := range clients {
		c.RedirectURIs, c.Scopes = slices.Clone(c.RedirectURIs), slices.Clone(c.Scopes)
		s.logins.clients[c.ID] = c
	}
}

// SignIn lets the user be logged in already in every browser, as one is who has
// come to Genesys by single sign-on: no login page is shown. Empty: nobody is.
func (s *Server) SignIn(userID string) {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	s.logins.everywhere = userID
}

// logins are the ways in for users.
type logins struct {
	mu         sync.Mutex
	clients    map[string]CodeClient
	codes      map[string]code
	sessions   map[string]string // user by the value of the cookie
	everywhere string            // see SignIn
}

// code is what a login leads back with.
type code struct {
	client, user, redirect, challenge string
	expires                           time.Time
}

// codeLife is how long a code can be exchanged. How long those of the platform
// can is not known; RFC 6749 allows ten minutes.
const codeLife = time.Minute

func newLogins() *logins {
	return &logins{clients: map[string]CodeClient{}, codes: map[string]code{}, sessions: map[string]string{}}
}

// request is what the query of /oauth/authorize asks for. refused is for the
// page when the browser must not be sent back, problem for where it came from.
func (l *logins) request(q url.Values) (redirect *url.URL, refused, problem string) {
	l.mu.Lock()
	client, known := l.clients[q.Get("client_id")]
	l.mu.Unlock()
	switch {
	case !known:
		return nil, "The OAuth client is not known.", ""
	case !slices.Contains(client.RedirectURIs, q.Get("redirect_uri")):
		return nil, "The redirect URI is not one of the OAuth client.", ""
	}
	redirect, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case err != nil:
		return nil, "The redirect URI is malformed.", ""
	case q.Get("response_type") != "code":
		return redirect, "", "unsupported_response_type"
	case q.Get("code_challenge_method") != "S256" || !challengeForm.MatchString(q.Get("code_challenge")):
		return redirect, "", "invalid_request"
	}
	return redirect, "", ""
}

// The forms of RFC 7636, 4.1 and 4.2.
var (
	verifierForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
)

// authorize answers GET /oauth/authorize: to who is logged in with a code, to
// others with the login page; and its POST, with which a user is chosen there.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) int {
	q := r.URL.Query()
	redirect, refused, problem := s.logins.request(q)
	if refused != "" {
		return s.loginPage(w, http.StatusBadRequest, refused)
	}
	user := s.signedIn(r)
	if r.Method == http.MethodPost {
		user = r.PostFormValue("user")
		s.beginSession(w, user)
	}
	switch {
	case problem != "":
	case s.loginReferrer && r.Method == http.MethodGet && !s.allowedOrigin(r.Header.Get("Referer")):
		return s.loginPage(w, http.StatusForbidden, "The page that leads here does not say where it is.")
	case user == "" || q.Get("prompt") == "login" && r.Method == http.MethodGet:
		return s.loginPage(w, http.StatusOK, "")
	case !s.directory.isActive(user):
		problem = "access_denied"
	}
	back := redirect.Query()
	if problem != "" {
		back.Set("error", problem)
		back.Set("error_description", "the login was refused")
	} else {
		back.Set("code", s.logins.issue(s.dice.uuid(), code{client: q.Get("client_id"), user: user,
			redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), expires: time.Now().Add(codeLife)}))
	}
	if state := q.Get("state"); state != "" {
		back.Set("state", state)
	}
	redirect.RawQuery = back.Encode()
	http.Redirect(w, r, redirect.String(), http.StatusFound)
	return http.StatusFound
}

func (l *logins) issue(value string, c code) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes[value] = c
	return value
}

// redeem answers POST /oauth/token with the grant authorization_code.
func (s *Server) redeem(r *http.Request) answer {
	s.logins.mu.Lock()
	c, known := s.logins.codes[r.PostFormValue("code")]
	delete(s.logins.codes, r.PostFormValue("code")) // whatever comes of it
	client := s.logins.clients[c.client]
	s.logins.mu.Unlock()
	switch {
	case !known || !time.Now().Before(c.expires):
		return noToken("invalid_grant", "the code is not valid, or not any more")
	case r.PostFormValue("client_id") != c.client || r.PostFormValue("redirect_uri") != c.redirect:
		return noToken("invalid_grant", "the code was made for another client or redirect URI")
	case !verified(c.challenge, r.PostFormValue("code_verifier")):
		return noToken("invalid_grant", "the code verifier is wrong")
	}
	return s.tokens.issue(Login{ClientID: c.client, UserID: c.user, Scopes: client.Scopes}).answer()
}

func verified(challenge, verifier string) bool {
	digest := sha256.Sum256([]byte(verifier))
	expected := base64.RawURLEncoding.EncodeToString(digest[:])
	return verifierForm.MatchString(verifier) && subtle.ConstantTimeCompare([]byte(expected), []byte(challenge)) == 1
}
