//go:build !race

package inspector_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/browsertest"
)

var screenshots = flag.String("screenshots", "", "write screenshots of all pages into this folder, to be looked at")

// TestPicturesOfThePages writes screenshots for people to look at. What a machine
// can see of them is that nothing is cut off or hard to read.
func TestPicturesOfThePages(t *testing.T) {
	d := newDesk(t)
	d.broken.Store(true)
	d.panics.Store(true)
	ended := story("0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e01", 10*time.Minute)
	d.tell(ended)
	records := ended.Records()
	d.say(records[len(records)-1], time.Now())
	d.tell(story("0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e02", 150*time.Second))
	strange := story("0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e04", 20*time.Second)
	strange.Legs[0].Name = hostile["long"][:500] + hostile["rtl"] + hostile["markup"]
	d.tell(strange)
	d.tell(story("0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e03", 40*time.Second))
	d.fails(3)
	folder := *screenshots
	if folder == "" {
		folder = t.ArtifactDir()
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	page := browsertest.OpenTab(t, d.at("anna", ""))
	page.Shows("#conversations", "Queued")
	for _, one := range []struct{ name, path, selector, text string }{
		{"hostile", "conversation?id=0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e04", "#events", "participant.added"},
		{"conversations", "", "#conversations", "Queued"},
		{"ended", "conversation?id=0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e01", "#events", "conversation.ended"},
		{"running", "conversation?id=0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e02", "#events", "agent.connected"},
		{"failed", "failed", "#items", "notify-crm"},
		{"health", "health", "#problems", "notify-crm"},
		{"processes", "processes", "#processes", "backend-1"},
	} {
		require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate(d.url+one.path)))
		page.Shows(one.selector, one.text)
		browsertest.Eval[bool](page, `(document.querySelectorAll('#facts-0, #facts-10, [id^=stack]').forEach(e => { e.open = true; }), true)`)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{360, 1280} {
				where := fmt.Sprintf("%s-%s-%d", one.name, scheme, width)
				page.Looks(scheme, width)
				page.Until(fmt.Sprintf(`innerWidth === %d && matchMedia('(prefers-color-scheme: %s)').matches`, width, scheme))
				picture, err := chromedp.Run(page.Context, chromedp.FullScreenshot(100))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, where+".png"), picture, 0o600))
				require.True(t, browsertest.Eval[bool](page, `document.documentElement.scrollWidth <= innerWidth`), "%s: it must be scrolled sideways", where)
				require.Empty(t, browsertest.Eval[[]string](page, browsertest.Pale), where)
			}
		}
	}
	// Those of the README.
	for name, path := range map[string]string{"inspector-conversation": "conversation?id=0f2f1c5e-7a0b-4a55-9d53-1b7f0c2a9e01", "inspector-failed": "failed"} {
		page.Looks("light", 0)
		require.NoError(t, chromedp.Do(page.Context, chromedp.EmulateViewport(1100, 700), chromedp.Navigate(d.url+path)))
		page.Shows("#live", "Live")
		picture, err := chromedp.Run(page.Context, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600))
	}
	t.Log("the pictures are in", folder)
}

// at is the address at which somebody opens a page.
func (d *desk) at(who, page string) string {
	return d.url[:len(d.url)-len("operate/")] + "as/" + who + "?to=" + page
}
