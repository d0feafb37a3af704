package clientapp

import (
	"net/http"
	"net/url"
	"strings"
)

// policy is the Content Security Policy of the page: it runs scripts of this
// handler and the two SDKs, talks to this handler and Genesys Cloud, and is
// shown inside of Genesys Cloud alone. X-Frame-Options cannot name an origin.
func policy(h hosts, sdk sdk) string {
	origin := func(base string) string {
		u, err := url.Parse(base)
		if err != nil {
			return "'none'" // it was read before
		}
		return u.Scheme + "://" + u.Host
	}
	login := origin(h.login)
	connect := append([]string{"'self'", origin(h.api)}, h.socket...)
	if login != origin(h.api) {
		connect = append(connect, login)
	}
	directives := [][]string{
		{"default-src", "'none'"},
		append([]string{"script-src", "'self'"}, sdk.elsewhere()...),
		{"style-src", "'self'"},
		append([]string{"connect-src"}, connect...),
		// The login that nobody sees. Where it leads on to an identity provider, the
		// agent logs in with a window: those refuse frames.
		{"frame-src", "'self'", login},
		append([]string{"frame-ancestors", "'self'"}, h.embedders...),
		{"base-uri", "'none'"},
		{"form-action", "'none'"},
	}
	texts := make([]string, len(directives))
	for i, d := range directives {
		texts[i] = strings.Join(d, " ")
	}
	return strings.Join(texts, "; ")
}

// secure sets the headers that every answer has.
func secure(h http.Header) {
	h.Set("Referrer-Policy", "no-referrer") // the page's address names the conversation
	h.Set("X-Content-Type-Options", "nosniff")
}
