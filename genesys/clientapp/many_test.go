//go:build !race

package clientapp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/browsertest"
)

func TestTenInteractionsAndTwoTabsShareOneChannelAndOneStream(t *testing.T) {
	w := newWorld(t)
	var pages []string
	for i := range 10 {
		id := fmt.Sprintf("c-%d", i)
		w.talk(id, "user-a")
		pages = append(pages, w.widget(id))
	}
	_, frames := w.opens(pages...)
	_, others := w.opens(w.widget("c-0"), w.widget(""))
	for i, f := range append(frames, others[0]) {
		f.Shows(".owner", "Owner: you")
		f.Shows("#link", "Connected")
		w.until("its snapshot arrives", func() bool { return w.told(fmt.Sprintf("c-%d", i%10))["snapshot"] > 0 })
	}
	others[1].Until(`document.querySelectorAll('.owner').length === 10`)
	require.Equal(t, 1, w.asked("POST", newChannel))
	w.until("the stream of fewer conversations ends", func() bool { return w.app.Stats().Streams == 1 })
	w.give("c-7", "user-b")
	frames[7].Shows(".owner", "Owner: Bob")
	require.Equal(t, "Owner: you", frames[6].Text(".owner"))
	w.touch("c-9", "once")
	w.until("the event of one is told by its page", func() bool { return w.told("c-9")["event"] > 0 })
}

func TestWhenThePageThatLeadsIsGoneAnotherOneTakesOver(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	w.talk("c-2", "user-a")
	desktop, frames := w.opens(w.widget("c-1"))
	frames[0].Shows(".owner", "Owner: you")
	_, frames = w.opens(w.widget("c-2"))
	frames[0].Shows(".owner", "Owner: you")
	w.looksAfter("c-2", func() { browsertest.Eval[bool](desktop, `(document.querySelector('iframe').remove(), true)`) })
	w.goesOn("c-2")
	w.until("the stream of the first one ends", func() bool { return w.app.Stats().Streams == 1 })
	require.Equal(t, 2, w.asked("POST", newChannel))
	w.give("c-2", "user-b")
	frames[0].Shows(".owner", "Owner: Bob")
}

// Pitfall C9: a frame that is moved in the desktop's page is loaded anew, and
// C8: it still knows its conversation.
func TestAFrameThatIsLoadedTwentyTimesCostsOneChannel(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	address := w.widget("c-1")
	desktop, _ := w.opens(address)
	for range 20 {
		page := browsertest.Find(t, "iframe", address)
		page.Shows(".owner", "Owner: you")
		loaded := browsertest.Eval[float64](page, `performance.timeOrigin`)
		browsertest.Eval[bool](desktop, `(f => (f.src = f.src, true))(document.querySelector('iframe'))`)
		w.until("it is loaded again", func() bool {
			again := browsertest.Find(t, "iframe", address)
			return browsertest.Eval[float64](again, `performance.timeOrigin`) > loaded
		})
	}
	require.LessOrEqual(t, w.asked("POST", newChannel), 2)
	require.Less(t, w.asked("GET", oneConversation), 200)
}

func TestAStandalonePageFollowsAllOfTheAgentsConversations(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	w.talk("c-9", "user-b")
	page := w.open("")
	page.Shows(".owner", "Owner: you")
	w.talk("c-2", "user-a")
	page.Until(`document.querySelectorAll('.owner').length === 2`)
	require.Empty(t, w.told("c-9"))
	w.goesOn("c-2")
}

func TestThePageStopsWhenTheDesktopSaysSoAndLooksWhenItIsShown(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	desktop, frames := w.opens(w.widget("c-1"))
	frames[0].Shows(".owner", "Owner: you")
	frames[0].Shows("#link", "Connected")
	w.looksAfter("c-1", func() { browsertest.Eval[bool](desktop, `(tell('focus'), true)`) })
	browsertest.Eval[bool](desktop, `(tell('stop'), true)`)
	desktop.Until(`said.some(([action]) => action === 'stopped')`)
	w.until("the stream ends", func() bool { return w.app.Stats().Streams == 0 })
	channels := w.asked("POST", newChannel)
	w.genesys.Faults().CutSockets()
	time.Sleep(2 * time.Second) // nothing happens any more
	require.Equal(t, channels, w.asked("POST", newChannel))
}

func TestTheAddressOfTheChannelIsAllThatIsStoredInTheBrowser(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	require.Equal(t, 0, browsertest.Eval[int](page, `localStorage.length`))
	require.Equal(t, 1, browsertest.Eval[int](page, `sessionStorage.length`))
	require.Equal(t, "", browsertest.Eval[string](page, `document.cookie`))
	stored := browsertest.Eval[string](page, `JSON.stringify(sessionStorage)`)
	require.NotContains(t, stored, "sim-", "the token is in memory alone")
}
