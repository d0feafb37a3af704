//go:build !race

package clientapp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/browsertest"
)

func TestWhileTheHostIsDownHintsWaitAndNoneIsLost(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	page.Shows(".owner", "Owner: you")
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests} {
		w.fail("POST updates", status)
		w.touch("c-1", http.StatusText(status))
		page.Shows("#link", "The case system does not answer")
		require.NotEqual(t, http.StatusText(status), w.attribute("c-1"))
		w.fail("POST updates", 0)
		w.until("it is told when the host is back", func() bool { return w.attribute("c-1") == http.StatusText(status) })
		page.Shows("#link", "Connected")
	}
}

func TestADenialThatPassesIsNotShownForEver(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	w.fail("POST updates", http.StatusForbidden)
	w.touch("c-1", "denied")
	page.Shows("#trouble", "Your login is not accepted here")
	page.Shows("#link", "Not connected")
	w.fail("POST updates", 0)
	w.touch("c-1", "taken")
	page.Shows("#link", "Connected")
	require.Empty(t, page.Text("#trouble"))
}

// attribute is what the tracker knows of what touch has changed.
func (w *world) attribute(id string) string {
	for _, p := range w.knows(id).Participants {
		if value := p.Attributes["touched"]; value != "" {
			return value
		}
	}
	return ""
}

func TestThePageComesUpWhenTheHostDoes(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	w.fail("GET config.json", http.StatusServiceUnavailable)
	w.fail("GET case", http.StatusServiceUnavailable)
	page := w.open("c-1")
	page.Shows("#link", "The case system does not answer")
	w.fail("GET config.json", 0)
	page.Shows(".timeline", "Agent: you")
	page.Shows("#link", "The case system does not answer")
	require.Equal(t, "…", page.Text(".title"), "nobody has said whether there is a case")
	w.fail("GET case", 0)
	page.Shows(".owner", "Owner: you")
	page.Shows("#link", "Connected")
}

func TestWhileTheHostCannotLookUpACaseThePanelSaysSo(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	w := newWorld(t, func(a *arrangement) {
		a.config = func(c *clientapp.Config) {
			c.CaseEvery = 100 * time.Millisecond
			ask := c.Case
			c.Case = func(ctx context.Context, id string, agent clientapp.Agent) (clientapp.Case, error) {
				if broken.Load() {
					return clientapp.Case{}, errors.New("the store is down")
				}
				return ask(ctx, id, agent)
			}
		}
	})
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".note", "cannot look up the case now")
	require.Equal(t, "…", page.Text(".title"))
	broken.Store(false)
	page.Shows(".owner", "Owner: you")
	require.Empty(t, page.Text(".note"))
	broken.Store(true)
	page.Shows(".note", "may be old")
	require.Equal(t, "Owner: you", page.Text(".owner"))
	w.forgive()
}

func TestWhatIsTooLargeIsToldAsAHintAlone(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	w.touch("c-1", strings.Repeat("a", 1<<20))
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	w.until("the hint arrives", func() bool { return w.told("c-1")["hint"] > 0 })
	page.Shows(".owner", "Owner: you")
	require.Zero(t, w.told("c-1")["snapshot"])
}

func TestAConversationThatTheAgentMayNotReadIsToldAsAHint(t *testing.T) {
	w := newWorld(t)
	w.genesys.SetPermissions("user-a")
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	page.Shows(".note", "You may not read this conversation")
	page.Shows(".owner", "Owner: you")
	w.until("the hint arrives", func() bool { return w.told("c-1")["hint"] > 0 })
	require.Equal(t, 1, w.asked("POST", newChannel), "a refusal is no reason to begin anew")
	w.touch("c-1", "once")
	w.until("events arrive all the same", func() bool { return w.told("c-1")["event"] > 0 })
}

func TestWhileGenesysIsDownThePageHintsAndSaysNothingOfRights(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	undo := w.genesys.Faults().Requests(genesystest.RequestFault{Status: http.StatusServiceUnavailable, Times: 1,
		Match: func(method, path string) bool { return method == http.MethodGet && path == oneConversation }})
	t.Cleanup(undo)
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	w.until("it is told", func() bool { return w.told("c-1")["hint"]+w.told("c-1")["snapshot"] > 0 })
	require.Empty(t, page.Text(".note"))
}

func TestAnAgentWhoIsNoParticipantSeesNoCaseAndIsToldWhy(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-b")
	page := w.open("c-1") // of user-a, who may read all conversations
	page.Shows("#link", "Connected")
	page.Until(`document.querySelector('.timeline').children.length > 0`)
	page.Shows(".note", "Genesys does not list you in this conversation yet")
	require.Equal(t, "…", page.Text(".title"))
	w.until("what he says is heard", func() bool { return w.app.Stats().Strangers > 0 })
	require.Nil(t, w.knows("c-1"), "it begins nothing")
}

func TestAnAgentWhoMayNotHearOfHimselfIsToldOfEachMinuteAndMore(t *testing.T) {
	w := newWorld(t, func(a *arrangement) {
		a.simulator = append(a.simulator, genesystest.ForbidTopics("v2.users.user-a.conversations"))
	})
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "updated every minute")
	page.Shows(".owner", "Owner: you")
	require.Equal(t, 1, w.asked("POST", newChannel))
}

func TestNamesAndTitlesAreTextWhateverTheyHold(t *testing.T) {
	const hostile = `<img src=x onerror="self.hit=1"><script>self.hit=1</script>`
	w := newWorld(t)
	w.title = hostile
	agents["user-hostile"] = hostile
	t.Cleanup(func() { delete(agents, "user-hostile") })
	w.talk("c-1", "user-a")
	for name, page := range map[string]*browsertest.View{
		"plain":  w.open("c-1"),
		"forged": first(w.opens(w.widget("c-1", "gcLangTag", hostile, "state", hostile, "gcTargetEnv", "https://evil.example", "gcHostOrigin", "https://evil.example", "login", "https://evil.example", "clientId", "evil", "domain", "evil.example"))),
	} {
		page.Shows(".title", hostile)
		w.give("c-1", "user-hostile")
		page.Shows(".owner", hostile)
		require.False(t, browsertest.Eval[bool](page, `'hit' in self || document.querySelector('main img, main script') !== null`), name)
		w.give("c-1", "user-a")
	}
	for _, id := range []string{hostile, "../../users/me", "c-1?x=y"} {
		page := first(w.opens(w.widget(id)))
		page.Shows("#trouble", "does not understand the page")
		require.Empty(t, w.told(id))
	}
}

func first(_ *browsertest.View, frames []*browsertest.View) *browsertest.View { return frames[0] }

func TestAnEmbedderThatIsNotNamedSeesNothing(t *testing.T) {
	w := newWorld(t, func(a *arrangement) {
		a.config = func(c *clientapp.Config) { c.Embedders = nil }
	})
	w.talk("c-1", "user-a")
	desktop := browsertest.OpenTab(t, w.desktop+"/?src="+strings.ReplaceAll(w.widget("c-1"), "&", "%26"))
	w.until("the page is asked for", func() bool { return len(w.asks()) > 0 })
	desktop.Until(`document.readyState === 'complete'`)
	require.Empty(t, w.asked("GET", "/oauth/authorize"))
	require.Equal(t, []string{"GET "}, w.asks(), "nothing of the page runs")
	w.forgive()
}

func TestAnSDKThatDoesNotLoadIsExplained(t *testing.T) {
	w := newWorld(t)
	w.fail("GET sdk/purecloud-platform-client-v2.min.js", http.StatusNotFound)
	w.open("c-1").Shows("#trouble", "A part of the page did not load")
}

func TestTheFirstPaintDoesNotWaitForTheSDKs(t *testing.T) {
	w := newWorld(t)
	const late = 2 * time.Second
	w.rewrites["sdk/purecloud-platform-client-v2.min.js"] = func(text string) string {
		time.Sleep(late)
		return text
	}
	w.talk("c-1", "user-a")
	for range 5 { // a machine can be busy for longer
		page := w.open("c-1")
		page.Shows("#link", "Connected")
		painted := browsertest.Eval[float64](page, `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9`)
		loaded := browsertest.Eval[float64](page, `performance.getEntriesByType('resource').find(e => e.name.includes('platform-client')).responseEnd`)
		t.Logf("first paint after %.0f ms, the SDK after %.0f ms", painted, loaded)
		if painted < loaded {
			return
		}
	}
	require.Fail(t, "the first paint is later than the SDK")
}
