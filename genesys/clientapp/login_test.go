//go:build !race

package clientapp_test

import (
	"flag"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/browsertest"
)

// Pitfalls C4 and C5: single sign-on refuses frames, and a window has other
// storage than the frame that opened it.
func TestAnAgentWithoutASessionLogsInWithAWindow(t *testing.T) {
	w := newWorld(t)
	w.genesys.SignIn("")
	w.talk("c-1", "user-b")
	page := w.open("c-1")
	page.Shows("#trouble", "Log in to Genesys once more")
	page.Click("button")
	page.Shows("#trouble", "in the window that has opened")
	login := browsertest.Find(t, "page", w.genesys.URL()+"/oauth/authorize")
	login.Shows("body", "Bob")
	chooses(login, "user-b")
	page.Shows("#link", "Connected")
	page.Shows(".timeline", "Agent: you")
	require.Empty(t, page.Text("#trouble"))
	w.until("the login is used", func() bool { return w.told("c-1")["snapshot"] > 0 })
}

// chooses logs a user in on the simulator's login page.
func chooses(login *browsertest.View, user string) {
	login.Helper()
	browsertest.Eval[bool](login, `(() => {
		const button = [...document.querySelectorAll('button')].find(b => b.value === '`+user+`');
		const form = document.forms[0];
		if (button) button.click();
		else { form.elements.user.value = '`+user+`'; form.requestSubmit(); }
		return true;
	})()`)
}

// Pitfall C3: browsers open windows in a click, and not after it.
func TestTheWindowIsOpenedInTheClickAndABlockedOneIsExplained(t *testing.T) {
	w := newWorld(t)
	w.genesys.SignIn("")
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#trouble", "Log in to Genesys once more")
	browsertest.Eval[bool](page, `(() => {
		self.late = 0;
		self.really = self.open;
		self.open = () => { if (self.event?.type !== 'click') late++; return null; };
		return true;
	})()`)
	page.Click("button")
	page.Shows("#trouble", "blocked the window")
	require.Zero(t, browsertest.Eval[int](page, `late`))
	browsertest.Eval[bool](page, `(self.open = really, true)`)
	page.Click("button")
	login := browsertest.Find(t, "page", w.genesys.URL()+"/oauth/authorize")
	chooses(login, "user-a")
	page.Shows("#link", "Connected")
}

var logins = flag.Int("logins", 5, "how often TestTwoFramesThatLogInAtOnceBothSucceed has both log in")

// Pitfall C1: the SDK keeps the verifier under one name for all frames.
func TestTwoFramesThatLogInAtOnceBothSucceed(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	w.talk("c-2", "user-a")
	first, second := w.widget("c-1"), w.widget("c-2")
	desktop, frames := w.opens(first, second)
	for range *logins {
		for _, f := range frames {
			f.Shows(".owner", "Owner: you")
		}
		browsertest.Eval[bool](desktop, `(document.querySelectorAll('iframe').forEach(f => f.src = f.src), true)`)
		time.Sleep(100 * time.Millisecond)
		frames[0], frames[1] = browsertest.Find(t, "iframe", first), browsertest.Find(t, "iframe", second)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		require.NotContains(t, r, "error")
	}
}

func TestAWrongVerifierLogsNobodyIn(t *testing.T) {
	w := newWorld(t)
	w.rewrite("login.js", "login.verifier, code", "'x'.repeat(64), code")
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#trouble", "Log in to Genesys once more")
	page.Click("button")
	page.Shows("#trouble", "The login did not succeed")
	require.Empty(t, w.told("c-1"))
	var refused int
	for _, r := range w.genesys.Requests() {
		if r.Path == "/oauth/token" && r.Status == http.StatusBadRequest {
			refused++
		}
	}
	require.GreaterOrEqual(t, refused, 2) // it is tried again by itself, too
}

// Pitfall C2: the SDK does not compare the state.
func TestAnAnswerThatNobodyHasAskedForIsNotExchanged(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	_, frames := w.opens(w.widget("c-1", "code", "forged", "state", "forged"))
	page := frames[0]
	page.Shows("#link", "Connected")
	before := w.asked("POST", "/oauth/token")
	browsertest.Eval[bool](page, `(() => {
		postMessage({login: '?code=forged&state=forged'}, location.origin);
		const frame = document.createElement('iframe');
		frame.src = location.pathname + '?code=forged&state=forged';
		document.body.append(frame);
		return new Promise(done => frame.onload = () => setTimeout(done, 200, true));
	})()`)
	page.Shows("#link", "Connected")
	require.Equal(t, before, w.asked("POST", "/oauth/token"))
}

func TestATokenOfAnotherOrganisationIsDeniedAndThePanelSaysSo(t *testing.T) {
	w := newWorld(t, func(a *arrangement) {
		a.config = func(c *clientapp.Config) { c.OrganizationID = "99999999-aaaa-4bbb-8ccc-000000000002" }
	})
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#trouble", "Your login is not accepted here")
	page.Shows("#trouble .detail", "another Genesys Cloud organization")
	page.Shows("#link", "Not connected")
	require.Empty(t, w.told("c-1"))
}

func TestATokenOfAnotherOAuthClientIsDeniedAndThePanelSaysSo(t *testing.T) {
	w := newWorld(t)
	w.genesys.AddCodeClients(genesystest.CodeClient{ID: "another", RedirectURIs: []string{w.page}})
	w.rewrite("config.json", bridge, "another")
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#trouble", "Your login is not accepted here")
	page.Shows("#trouble .detail", "another OAuth client")
	require.Empty(t, w.told("c-1"))
}

func TestATokenThatEndsDuringAConversationIsRenewedUnseen(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	logins := w.asked("POST", "/oauth/token")
	w.looksAfter("c-1", func() { w.genesys.Faults().RevokeTokens(true) })
	w.goesOn("c-1")
	require.Greater(t, w.asked("POST", "/oauth/token"), logins)
	page.Shows("#link", "Connected")
	require.Empty(t, page.Text("#trouble"))
}

// TestThePageOfAnAgentIsTheNextOnesWhoLogsInInTheSameBrowser: the login that renews a
// token unseen is that of whoever has logged in last.
func TestThePageOfAnAgentIsTheNextOnesWhoLogsInInTheSameBrowser(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	w.talk("c-2", "user-b")
	page := w.open("")
	page.Shows(".owner", "Owner: you")
	page.Shows(".timeline", "Agent: you")
	page.Shows("#link", "Connected")
	w.genesys.SignIn("user-b")
	w.genesys.Faults().RevokeTokens(true)
	page.Shows(".title", "Case CASE-c-2")
	page.Shows(".timeline", "Agent: you")
	page.Shows("#link", "Connected")
	require.Equal(t, 1, browsertest.Eval[int](page, `document.querySelectorAll('.card').length`), "nothing is left of the first one's conversation")
	require.Regexp(t, `^\["[^"]*user-b"\]$`, browsertest.Eval[string](page, `JSON.stringify(Object.keys(sessionStorage))`), "nor of his channel")
	w.goesOn("c-2")
	loads := 0
	for _, request := range w.asks() {
		if request == "GET config.json" {
			loads++
		}
	}
	require.Equal(t, 2, loads, "it begins anew once")
}

// Pitfall C11: a login may let listed origins alone embed it.
func TestTheLoginLearnsWhichOriginEmbedsItAndNoMore(t *testing.T) {
	w := newWorld(t, func(a *arrangement) { a.simulator = append(a.simulator, genesystest.LoginNeedsReferrer()) })
	w.talk("c-1", "user-a")
	w.open("c-1").Shows("#link", "Connected")
}

// Pitfall C6: a frame without storage says what to allow.
func TestASandboxWithoutAnOriginIsExplained(t *testing.T) {
	w := newWorld(t)
	browsertest.OpenTab(t, w.desktop+"/?sandbox=allow-scripts&src="+strings.ReplaceAll(w.widget("c-1"), "&", "%26"))
	page := browsertest.Find(t, "iframe", w.page)
	page.Shows("#trouble", "allow-same-origin")
}

func TestThePanelSpeaksTheLanguageOfTheDesktop(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	for tag, owner := range map[string]string{"de": "Zuständig: Sie", "es-MX": ": usted", "en-us": "Owner: you", "xx": "Owner: you"} {
		_, frames := w.opens(w.widget("c-1", "gcLangTag", tag))
		frames[0].Shows(".owner", owner)
		require.Equal(t, tag[:2] == "de", browsertest.Eval[string](frames[0], `document.documentElement.lang`) == "de")
	}
}
