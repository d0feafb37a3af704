package main_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// TestDoctorJudgesTheHeadersOfTheClientApp looks at the real page, through what
// stands before it and changes headers.
func TestDoctorJudgesTheHeadersOfTheClientApp(t *testing.T) {
	t.Parallel()
	store := "sqlite:" + t.TempDir() + "/store.db"
	done(t, store, "migrate", "apply")
	server := genesystest.NewServer(t)
	region, err := genesys.ParseRegion("mypurecloud.de")
	require.NoError(t, err)
	app := func(c clientapp.Config) http.Handler {
		c.ClientID, c.OrganizationID, c.AnyAgent = "app", server.OrganizationID(), true
		c.Sink = func(context.Context, conversation.Update) error { return nil }
		a, err := clientapp.New(c)
		require.NoError(t, err)
		t.Cleanup(a.Close)
		return a
	}
	own, elsewhere := app(clientapp.Config{BaseURL: server.URL()}), app(clientapp.Config{Region: region})
	for name, x := range map[string]struct {
		page   http.Handler
		before func(h http.Header) // what stands before it does
		level  string
		says   string
	}{
		"as it is":           {own, nil, "ok", server.URL() + " may show the page"},
		"of another region":  {elsewhere, nil, "problem", "frame-ancestors does not allow " + server.URL()},
		"X-Frame-Options":    {own, func(h http.Header) { h.Set("X-Frame-Options", "DENY") }, "warning", "X-Frame-Options"},
		"nothing but that":   {own, func(h http.Header) { h.Set("X-Frame-Options", "SAMEORIGIN"); h.Del("Content-Security-Policy") }, "problem", "X-Frame-Options forbids"},
		"no policy":          {own, func(h http.Header) { h.Del("Content-Security-Policy") }, "problem", "there is no frame-ancestors"},
		"a second policy":    {own, func(h http.Header) { h.Add("Content-Security-Policy", "frame-ancestors 'self'") }, "problem", "frame-ancestors does not allow"},
		"no calls":           {own, func(h http.Header) { h.Add("Content-Security-Policy", "connect-src 'self'") }, "problem", "connect-src does not allow " + server.URL()},
		"inline scripts":     {own, func(h http.Header) { h.Add("Content-Security-Policy", "script-src 'self' 'unsafe-inline'") }, "warning", "script-src"},
		"anybody":            {own, func(h http.Header) { h.Set("Content-Security-Policy", "frame-ancestors *") }, "warning", "any page may show it"},
		"the address leaks":  {own, func(h http.Header) { h.Set("Referrer-Policy", "unsafe-url") }, "warning", "Referrer-Policy"},
		"types are guessed":  {own, func(h http.Header) { h.Del("X-Content-Type-Options") }, "warning", "nosniff"},
		"the opener is lost": {own, func(h http.Header) { h.Set("Cross-Origin-Opener-Policy", "same-origin") }, "problem", "Cross-Origin-Opener-Policy"},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := httptest.NewRecorder()
				http.StripPrefix("/app", x.page).ServeHTTP(answer, r)
				if x.before != nil {
					x.before(answer.Header())
				}
				for name, values := range answer.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(answer.Code)
				_, _ = w.Write(answer.Body.Bytes())
			}))
			defer proxy.Close()
			code, findings := diagnose(t, store, []string{"GENESYS_BASE_URL=" + server.URL()}, "-page", proxy.URL+"/app/")
			problem := x.level == "problem"
			require.Equal(t, problem, code == 1, findings)
			found := false
			for _, f := range findings {
				if !strings.HasPrefix(f.Check, "client app") {
					continue
				}
				found = found || f.Level == x.level && strings.Contains(f.Says, x.says)
				require.True(t, f.Level == "ok" || f.Remedy != "", "%+v has no remedy", f)
				require.True(t, name != "as it is" || f.Level == "ok", f)
			}
			require.True(t, found, findings)
		})
	}
}

func TestDoctorSaysWhyTheClientAppIsNotReached(t *testing.T) {
	t.Parallel()
	store := "sqlite:" + t.TempDir() + "/store.db"
	done(t, store, "migrate", "apply")
	guarded := httptest.NewServer(http.RedirectHandler("/login", http.StatusFound))
	defer guarded.Close()
	trusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer trusted.Close()
	for page, says := range map[string]string{
		guarded.URL:              "answered with 302",
		trusted.URL:              "certificate",
		"dcm.example.com/app/":   "not understood",
		"http://127.0.0.1:1/app": "connection refused",
	} {
		code, findings := diagnose(t, store, nil, "-page", page)
		require.Equal(t, 1, code)
		require.Contains(t, of(findings, "client app")[0].Says, says)
		require.NotEmpty(t, of(findings, "client app")[0].Remedy)
	}
	_, findings := diagnose(t, store, nil)
	require.Equal(t, "unknown", of(findings, "client app")[0].Level)
}
