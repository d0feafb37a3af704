//go:build !race

package clientapp_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/browsertest"
)

// TestPicturesOfThePanel writes screenshots for people to look at: go test -run
// Pictures -artifacts -outputdir keeps them. What a machine can see of them is
// that nothing is cut off or hard to read.
func TestPicturesOfThePanel(t *testing.T) {
	w := newWorld(t)
	w.title = "Broken window at the front door, reported twice"
	w.talk("c-1", "user-a")
	states := []struct {
		name    string
		arrange func()
		shows   [2]string
	}{
		{"case", func() {}, [2]string{".owner", "Owner: you"}},
		{"login", func() { w.genesys.SignIn("") }, [2]string{"#trouble", "Log in to Genesys"}},
		{"waiting", func() { w.fail("POST updates", http.StatusServiceUnavailable) }, [2]string{"#link", "does not answer"}},
	}
	folder := t.ArtifactDir()
	for _, state := range states {
		state.arrange()
		desktop, frames := w.opens(w.widget("c-1"))
		page := frames[0]
		page.Shows(state.shows[0], state.shows[1])
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{320, 1280} {
				where := fmt.Sprintf("%s-%s-%d", state.name, scheme, width)
				desktop.Looks(scheme, width)
				page.Looks(scheme, 0)
				page.Until(fmt.Sprintf(`innerWidth === %d && matchMedia('(prefers-color-scheme: %s)').matches`, width, scheme))
				require.True(t, browsertest.Eval[bool](page, `document.documentElement.scrollWidth <= innerWidth`), "%s: it must be scrolled sideways", where)
				require.Empty(t, browsertest.Eval[[]string](page, browsertest.Pale), where)
				picture, err := chromedp.Run(desktop.Context, chromedp.CaptureScreenshot())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, where+".png"), picture, 0o600))
			}
		}
		w.genesys.SignIn("user-a")
		w.fail("POST updates", 0)
	}
	t.Log("the pictures are in", folder)
}

// TestThePanelIsSaidToWhoDoesNotSeeIt holds what a screen reader and a keyboard
// need.
func TestThePanelIsSaidToWhoDoesNotSeeIt(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows(".owner", "Owner: you")
	for script, want := range map[string]string{
		`document.documentElement.lang`:                                                                          "en",
		`document.title`:                                                                                         "DCM",
		`document.querySelector('#link').getAttribute('role')`:                                                   "status",
		`document.querySelector('#trouble').getAttribute('role')`:                                                "alert",
		`document.querySelector('.owner').getAttribute('aria-live')`:                                             "polite",
		`document.querySelector('.timeline').tagName`:                                                            "OL",
		`document.querySelector('.timeline').getAttribute('aria-label')`:                                         "Participants",
		`document.getElementById(document.querySelector('article').getAttribute('aria-labelledby')).textContent`: "Case CASE-c-1",
		`document.querySelector('.title').rel`:                                                                   "noopener noreferrer",
	} {
		require.Equal(t, want, browsertest.Eval[string](page, script), script)
	}
	browsertest.Eval[bool](page, `(document.querySelector('.title').focus(), true)`)
	require.Equal(t, "A", browsertest.Eval[string](page, `document.activeElement.tagName`))
	w.give("c-1", "user-b")
	page.Shows(".owner", "Owner: Bob")
	require.Equal(t, "A", browsertest.Eval[string](page, `document.activeElement.tagName`), "a change takes the focus from nobody")
}
