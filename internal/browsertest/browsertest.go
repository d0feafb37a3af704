// Package browsertest opens pages in a real Chromium, for tests that look at them
// and click as people do.
//
// chromedp 0.23 has data races of its own (target.go), so such tests are kept from
// the race detector (//go:build !race); make test runs both.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Long is how long a browser may take for anything, on a machine that is busy: a page
// that had no time for its login logs in again after 30 s, and then after a minute.
const Long = 5 * time.Minute

// browser is the Chromium of all tests of a package. Each test has origins of its
// own, so that they share no storage.
var browser struct {
	path string

	mu      sync.Mutex
	ctx     context.Context // nil: none was started
	stop    func()
	crashes int
}

// Use names the Chromium or Chrome to start, for TestMain: what
// CONVTRACK_TEST_CHROMIUM says. Without it one is looked for.
func Use(path string) { browser.path = path }

// Stop ends the browser of the tests, if one was started: call it in TestMain.
func Stop() {
	browser.mu.Lock()
	defer browser.mu.Unlock()
	end()
}

// end ends the browser, if there is one, and counts whether it had ended by itself. The
// caller holds the lock.
func end() {
	if browser.ctx == nil {
		return
	}
	if browser.ctx.Err() != nil {
		browser.crashes++
	}
	browser.stop()
	browser.ctx = nil
}

// Main is for TestMain: it names the Chromium to start (see [Use]), runs the tests,
// ends the browser, and then asks whether a goroutine is left. It returns the exit
// code. Where tests failed and the browser had crashed, they run once more: Chromium
// itself breaks off now and then.
func Main(m *testing.M, path string) int {
	Use(path)
	code := m.Run()
	Stop()
	if code != 0 && browser.crashes > 0 {
		fmt.Fprintln(os.Stderr, "Chromium has crashed, and tests have failed: all of this package run once more")
		code = m.Run()
		Stop()
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Open starts Chromium when the first test needs it, and anew when it has crashed.
func Open(t *testing.T) context.Context {
	t.Helper()
	browser.mu.Lock()
	defer browser.mu.Unlock()
	if browser.ctx != nil && browser.ctx.Err() == nil {
		return browser.ctx
	}
	end()
	ctx, stop, err := Start()
	require.NoError(t, err)
	browser.ctx, browser.stop = ctx, stop
	return ctx
}

// Start starts a Chromium of its own.
func Start(more ...chromedp.ExecAllocatorOption) (ctx context.Context, stop func(), err error) {
	path := findChromium()
	if path == "" {
		return nil, nil, errors.New("these tests need Chromium: run make chromium, or set CONVTRACK_TEST_CHROMIUM to the path of Chromium or Chrome")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WSURLReadTimeout(Long))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {})) // of frames that have gone
	stop = func() {
		cancel()
		release()
	}
	return ctx, stop, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
}

func findChromium() string {
	if browser.path != "" {
		return browser.path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// View is what tests see of a tab or of a frame in it.
type View struct {
	*testing.T
	// Context is chromedp's, for what View has no method for.
	Context context.Context
}

// Eval runs a script and returns its value.
func Eval[V any](v *View, script string) V {
	v.Helper()
	value, err := eval[V](v, script)
	require.NoError(v, err, script)
	return value
}

func eval[V any](v *View, script string) (V, error) {
	ctx, cancel := context.WithTimeout(v.Context, Long)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[V](script, chromedp.EvalAwaitPromise))
}

// interrupted reports whether a script did not end because the page made room for
// the next one.
func interrupted(err error) bool {
	var answer *cdproto.Error
	return errors.As(err, &answer) && answer.Code == -32000
}

// Until waits until a script gives true.
func (v *View) Until(script string) {
	v.Helper()
	for end := time.Now().Add(Long); ; time.Sleep(20 * time.Millisecond) {
		is, err := eval[bool](v, `Boolean(`+script+`)`)
		late := time.Now().After(end)
		switch {
		case is:
			return
		case interrupted(err) && !late:
			continue
		}
		require.NoError(v, err, script)
		if late {
			require.Fail(v, "it does not happen: "+script, "the page shows %q", v.Text("body"))
		}
	}
}

// Text is what an element shows.
func (v *View) Text(selector string) string {
	v.Helper()
	return Eval[string](v, fmt.Sprintf(`(e => e?.checkVisibility() ? e.innerText : '')(document.querySelector(%q))`, selector))
}

// Shows waits until an element shows a text.
func (v *View) Shows(selector, text string) {
	v.Helper()
	v.Until(fmt.Sprintf(`(e => e?.checkVisibility() && e.innerText.includes(%q))(document.querySelector(%q))`, text, selector))
}

// replaced reports whether the page has replaced an element after it was found:
// nothing has been done with it.
func replaced(err error) bool {
	var answer *cdproto.Error
	return errors.As(err, &answer) && answer.Code == -32000 && (strings.Contains(strings.ToLower(answer.Message), "node") || strings.Contains(answer.Message, "box model"))
}

// Click presses a button as a user does. In a page that shows what happens it may be
// another one by then, in the same place.
func (v *View) Click(selector string) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.Context, Long)
	defer cancel()
	for ; ; time.Sleep(20 * time.Millisecond) {
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
		if replaced(err) && ctx.Err() == nil {
			continue
		}
		require.NoError(v, err, selector)
		return
	}
}

// OpenTab opens an address in a tab of its own.
func OpenTab(t *testing.T, address string) *View {
	t.Helper()
	ctx, cancel := chromedp.NewContext(Open(t))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address)))
	return &View{t, ctx}
}

// Find waits for a target of the browser whose address begins so, and attaches to
// it. Frames of other sites are targets of their own.
func Find(t *testing.T, kind, address string) *View {
	t.Helper()
	return FindIn(t, Open(t), kind, address)
}

// FindIn is find in one of several browsers.
func FindIn(t *testing.T, browser context.Context, kind, address string) *View {
	t.Helper()
	for end := time.Now().Add(Long); ; time.Sleep(20 * time.Millisecond) {
		for _, id := range targets(t, browser, kind, address) {
			if v := attach(t, browser, id); v != nil {
				return v
			}
		}
		require.True(t, time.Now().Before(end), "there is no %s at %s", kind, address)
	}
}

// Gone waits until the browser has no such target any more, so that find finds
// the next one: a frame is listed, and answers, for a moment after it was removed.
func Gone(t *testing.T, kind, address string) {
	t.Helper()
	for end := time.Now().Add(Long); len(targets(t, Open(t), kind, address)) > 0; time.Sleep(20 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "there is still a %s at %s", kind, address)
	}
}

// targets are those of the browser whose address begins so.
func targets(t *testing.T, browser context.Context, kind, address string) (found []target.ID) {
	t.Helper()
	all, err := chromedp.Targets(browser)
	require.NoError(t, err)
	for _, one := range all {
		if one.Type == kind && strings.HasPrefix(one.URL, address) {
			found = append(found, one.TargetID)
		}
	}
	return found
}

// attach returns nil when the target is about to go; see gone.
func attach(t *testing.T, browser context.Context, id target.ID) *View {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
	t.Cleanup(cancel)
	if chromedp.Do(ctx) != nil {
		return nil
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.readyState`)); err != nil {
		return nil
	}
	return &View{t, ctx}
}

// Looks has a tab or a frame be so wide, and light or dark.
func (v *View) Looks(scheme string, width int64) {
	v.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	_, err := chromedp.Call(v.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	require.NoError(v, err)
	if width > 0 {
		require.NoError(v, chromedp.Do(v.Context, chromedp.EmulateViewport(width, 560)))
	}
}

// Pale finds texts whose contrast is less than WCAG 2.2 asks for (AA: 4.5 to 1).
var Pale = strings.TrimSpace(`
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
