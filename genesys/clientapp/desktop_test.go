//go:build !race

package clientapp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/browsertest"
)

// TestTheSimulatorsDesktopShowsTheApp is what a developer without an account
// sees.
func TestTheSimulatorsDesktopShowsTheApp(t *testing.T) {
	w := newWorld(t)
	const placeholders = "gcHostOrigin={{gcHostOrigin}}&gcTargetEnv={{gcTargetEnv}}&gcLangTag={{gcLangTag}}"
	w.genesys.InstallApps(genesystest.ClientApp{Name: "DCM", URL: w.page + "?gcConversationId={{gcConversationId}}&" + placeholders})
	desktop := browsertest.OpenTab(t, w.genesys.DesktopURL("user-a", ""))
	desktop.Click("#start button")
	page := browsertest.Find(t, "iframe", w.page)
	page.Shows(".owner", "Owner: you")
	desktop.Until(`document.querySelector('#said').innerText.includes('bootstrapped')`)
	desktop.Click("#transfer")
	desktop.Until(`document.querySelector('#said').innerText.includes('stopped')`)
	w.until("the frame is closed", func() bool { return w.app.Stats().Streams == 0 })
}

// Pitfall C10: where Genesys Cloud is itself in a frame, each level is checked.
func TestInsideOfACRMBothOriginsMustBeNamed(t *testing.T) {
	crm := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(out, `<!doctype html><title>crm</title><iframe src="http://localhost:%s" width=400 height=600></iframe>`, r.URL.Query().Get("desktop"))
	}))
	t.Cleanup(crm.Close)
	origin := strings.Replace(crm.URL, "127.0.0.1", "crm.localhost", 1)
	for _, named := range []bool{true, false} {
		w := newWorld(t, func(a *arrangement) {
			if named {
				a.config = func(c *clientapp.Config) { c.Embedders = append(c.Embedders, origin) }
			}
		})
		w.talk("c-1", "user-a")
		address := w.widget("c-1")
		inner := strings.TrimPrefix(w.desktop, "http://localhost:") + "/?" + url.Values{"src": {address}}.Encode()
		browsertest.OpenTab(t, origin+"/?"+url.Values{"desktop": {inner}}.Encode())
		w.until("the page is asked for", func() bool { return len(w.asks()) > 0 })
		if named {
			browsertest.Find(t, "iframe", address).Shows(".owner", "Owner: you")
			continue
		}
		time.Sleep(time.Second)
		require.Equal(t, []string{"GET "}, w.asks(), "nothing of the page runs")
		w.forgive()
	}
}

// Pitfall C7: a token is revoked when nothing was asked with it for long, and the
// page does not ask only to keep it.
func TestATokenThatIdlesIsNotKeptAliveAndIsReplacedWhenItIsNeeded(t *testing.T) {
	w := newWorld(t, func(a *arrangement) { a.simulator = append(a.simulator, genesystest.IdleTimeout(2*time.Second)) })
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	logins, reads := w.asked("POST", "/oauth/token"), w.asked("GET", oneConversation)
	time.Sleep(4 * time.Second)
	require.Equal(t, logins, w.asked("POST", "/oauth/token"))
	require.LessOrEqual(t, w.asked("GET", oneConversation), reads+1, "one may have been under way")
	browsertest.Eval[bool](page, `(self.links = [], new MutationObserver(() => links.push(document.querySelector('#link').dataset.state)).observe(
		document.querySelector('#link'), {attributeFilter: ['data-state']}), true)`)
	w.looksAfter("c-1", func() { w.genesys.Faults().EvictChannels() }) // now it has to ask for a channel
	w.until("it logs in again", func() bool { return w.asked("POST", "/oauth/token") > logins })
	page.Shows("#link", "Connected")
	require.Equal(t, []string{"down", "up"}, slices.Compact(browsertest.Eval[[]string](page, `links`)), "the agent sees the gap, and its end")
	require.Empty(t, page.Text("#trouble"))
	w.goesOn("c-1")
}

// Pitfall C13: what happens between reading and subscribing must not be missed.
func TestThePageSubscribesBeforeItReads(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	var order []string
	for _, r := range w.genesys.Requests() {
		if strings.HasSuffix(r.Path, "/subscriptions") || r.Path == oneConversation && len(order) > 0 {
			order = append(order, r.Method+" "+r.Path)
		}
	}
	require.GreaterOrEqual(t, len(order), 2)
	require.Equal(t, "PUT /api/v2/notifications/channels/{id}/subscriptions", order[0])
	require.Contains(t, order[1:], "GET "+oneConversation)
}

// asks returns what a browser has asked of the app.
func (w *world) asks() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.requests...)
}

// forgive forgets the violations that a test has provoked.
func (w *world) forgive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = nil
}

// Pitfall C6: with the storage of other sites blocked the page works all the
// same.
func TestAFrameThatMayStoreNothingWorks(t *testing.T) {
	w := newWorld(t)
	w.rewrites["connection.js"] = func(text string) string {
		return `for (const name of ['sessionStorage', 'localStorage']) Object.defineProperty(self, name, {get() { throw new DOMException('no', 'SecurityError'); }});` + text
	}
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	page.Shows("#link", "Connected")
	w.looksAfter("c-1", func() { w.genesys.Faults().CutSockets() })
}

func TestABrowserWithoutLocksHasAConnectionForEachPage(t *testing.T) {
	w := newWorld(t)
	w.rewrites["connection.js"] = func(text string) string {
		return `Object.defineProperty(navigator, 'locks', {value: undefined}); delete self.BroadcastChannel;` + text
	}
	w.talk("c-1", "user-a")
	w.talk("c-2", "user-a")
	_, frames := w.opens(w.widget("c-1"), w.widget("c-2"))
	for _, f := range frames {
		f.Shows(".owner", "Owner: you")
		f.Shows("#link", "Connected")
	}
	w.until("each has a stream", func() bool { return w.app.Stats().Streams == 2 })
}
