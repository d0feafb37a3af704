//go:build !race

package clientapp_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/browsertest"
)

const newChannel, oneConversation = "/api/v2/notifications/channels", "/api/v2/conversations/{id}"

func TestASnapshotAndEventsArriveAndWakeTheReadAndThePanelShowsTheCase(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	desktop, frames := w.opens(w.widget("c-1"))
	page := frames[0]
	page.Shows("#link", "Connected")
	page.Shows(".owner", "Owner: you")
	page.Shows(".title", "Case CASE-c-1")
	page.Shows(".timeline", "Agent: you")
	require.Equal(t, conversation.StatusActive, w.knows("c-1").Status)
	w.until("the snapshot arrives", func() bool { return w.told("c-1")["snapshot"] > 0 })
	w.touch("c-1", "once")
	w.until("the event arrives", func() bool { return w.told("c-1")["event"] > 0 })
	w.until("it is read again", func() bool {
		c := w.knows("c-1")
		for _, p := range c.Participants {
			if p.Attributes["touched"] == "once" {
				return true
			}
		}
		return false
	})
	desktop.Until(`said.some(([action, origin]) => action === 'bootstrapped')`)
	require.Equal(t, 1, w.asked("POST", newChannel))
}

func TestTheOwnerChangesOnThePanelWithinASecondOfTheHook(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	browsertest.Eval[bool](page, `(self.changes = {}, new MutationObserver(() => {
		const owner = document.querySelector('.owner').innerText;
		changes[owner] ??= Date.now();
	}).observe(document.querySelector('.owner'), {childList: true, characterData: true, subtree: true}), true)`)
	fastest := time.Hour
	for _, user := range []string{"user-b", "user-c", "user-b"} { // a machine can be busy once
		browsertest.Eval[bool](page, `(changes = {}, true)`)
		w.give("c-1", user)
		page.Shows(".owner", "Owner: "+agents[user])
		at := browsertest.Eval[int64](page, `changes['Owner: `+agents[user]+`']`)
		fastest = min(fastest, time.UnixMilli(at).Sub(w.gave[user]))
	}
	require.Less(t, fastest, time.Second)
	t.Logf("the owner changed after %v", fastest)
}

func TestATransferChangesTheOwnerOnThePanelOfTheFirstAgent(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	answer, err := http.PostForm(w.genesys.URL()+"/desktop/interactions/c-1/transfer", url.Values{"user": {"user-a"}})
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
	page.Shows(".owner", "Owner: Bob")
}

func TestADroppedSocketCostsNoEventAndOneChannelAtMost(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	for range 3 {
		channels := w.asked("POST", newChannel)
		w.looksAfter("c-1", func() { w.genesys.Faults().CutSockets() })
		w.goesOn("c-1")
		page.Shows("#link", "Connected")
		require.LessOrEqual(t, w.asked("POST", newChannel)-channels, 1)
	}
}

func TestAChannelThatIsGoneIsReplacedByOne(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	w.looksAfter("c-1", func() { w.genesys.Faults().EvictChannels() })
	w.goesOn("c-1")
	require.Equal(t, 2, w.asked("POST", newChannel))
}
