package inspector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// policy is the Content Security Policy: files of this handler and nothing else,
// no script or style in the page itself, and nobody frames it.
var policy = strings.Join([]string{
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
	"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
}, "; ")

// secure sets the headers that every answer has.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin") // without any, browsers would hide the origin of a decision
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// tokenAge is how long a page may lie open before something is decided on it, at
// least; at most it is twice as long.
const tokenAge = 12 * time.Hour

// token is what a form must bring along to decide on behalf of the actor: a page
// of somebody else cannot read it.
func (h *Handler) token(actor string, at time.Time) string {
	mac := hmac.New(sha256.New, h.config.Key)
	_, _ = mac.Write([]byte(at.UTC().Truncate(tokenAge).Format(time.RFC3339) + "\n" + actor))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// wanted reports whether the actor's own page sent the request. The browser says
// whose page it was (Sec-Fetch-Site, Origin); the token proves it.
func (h *Handler) wanted(r *http.Request, actor string) bool {
	if h.origin.Check(r) != nil {
		return false
	}
	given, now := []byte(r.PostFormValue("token")), time.Now()
	is := hmac.Equal(given, []byte(h.token(actor, now)))
	was := hmac.Equal(given, []byte(h.token(actor, now.Add(-tokenAge))))
	return is || was
}
