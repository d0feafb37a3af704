//go:build !race

package clientapp_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
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
		page.shows(state.shows[0], state.shows[1])
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{320, 1280} {
				where := fmt.Sprintf("%s-%s-%d", state.name, scheme, width)
				desktop.looks(scheme, width)
				page.looks(scheme, 0)
				page.until(fmt.Sprintf(`innerWidth === %d && matchMedia('(prefers-color-scheme: %s)').matches`, width, scheme))
				require.True(t, eval[bool](page, `document.documentElement.scrollWidth <= innerWidth`), "%s: it must be scrolled sideways", where)
				require.Empty(t, eval[[]string](page, pale), where)
				picture, err := chromedp.Run(desktop.ctx, chromedp.CaptureScreenshot())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, where+".png"), picture, 0o600))
			}
		}
		w.genesys.SignIn("user-a")
		w.fail("POST updates", 0)
	}
	t.Log("the pictures are in", folder)
}

// looks has a tab or a frame be so wide, and light or dark.
func (v *view) looks(scheme string, width int64) {
	v.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	require.NoError(v, err)
	if width > 0 {
		require.NoError(v, chromedp.Do(v.ctx, chromedp.EmulateViewport(width, 560)))
	}
}

// pale finds texts whose contrast is less than WCAG 2.2 asks for (AA: 4.5 to 1).
var pale = strings.TrimSpace(`
(() => {
	const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
	const light = color => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = e => {
		for (; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor;
			if (!/^rgba\(.*, 0\)$/.test(color)) return color;
		}
		return 'white';
	};
	return [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
		const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
		return (a + 0.05) / (b + 0.05) < 4.5;
	}).map(e => e.className + ': ' + e.textContent);
})()`)

// TestThePanelIsSaidToWhoDoesNotSeeIt holds what a screen reader and a keyboard
// need.
func TestThePanelIsSaidToWhoDoesNotSeeIt(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.shows(".owner", "Owner: you")
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
		require.Equal(t, want, eval[string](page, script), script)
	}
	eval[bool](page, `(document.querySelector('.title').focus(), true)`)
	require.Equal(t, "A", eval[string](page, `document.activeElement.tagName`))
	w.give("c-1", "user-b")
	page.shows(".owner", "Owner: Bob")
	require.Equal(t, "A", eval[string](page, `document.activeElement.tagName`), "a change takes the focus from nobody")
}
