//go:build !race

// chromedp 0.23 has data races of its own (target.go), so the tests in a browser
// run without the detector; make test runs both.

package clientapp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// long is how long a browser may take for anything, on a machine that is busy.
const long = 60 * time.Second

// browser is the Chromium of all tests. Each test has origins of its own, so that
// they share no storage.
var browser struct {
	start sync.Once
	ctx   context.Context
	err   error
}

// openBrowser starts Chromium when the first test needs it.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	browser.start.Do(func() {
		var stop func()
		browser.ctx, stop, browser.err = startBrowser()
		if stop != nil {
			atTheEnd = append(atTheEnd, stop)
		}
	})
	require.NoError(t, browser.err)
	return browser.ctx
}

// startBrowser starts a Chromium.
func startBrowser(more ...chromedp.ExecAllocatorOption) (ctx context.Context, stop func(), err error) {
	path := findChromium()
	if path == "" {
		return nil, nil, errors.New("these tests need Chromium: run make chromium, or set CONVTRACK_TEST_CHROMIUM to the path of Chromium or Chrome")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WSURLReadTimeout(long))
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
	if path := os.Getenv("CONVTRACK_TEST_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// nodeModules is where Genesys's SDKs are; make genesys-sdk installs them there,
// too.
func nodeModules(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		require.NoError(t, err)
		cache = filepath.Join(home, ".cache")
	}
	folder := filepath.Join(cache, "convtrack", "genesys-sdk-2.6.10-262.0.0")
	modules := filepath.Join(folder, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "purecloud-platform-client-v2", "package.json")); err == nil {
		return modules
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("these tests need npm, which brings Genesys's SDKs: install it (Debian: apt-get install nodejs npm; macOS: brew install node)")
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	out, err := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
		"purecloud-client-app-sdk@2.6.10", "purecloud-platform-client-v2@262.0.0").CombinedOutput()
	require.NoError(t, err, "npm cannot install Genesys's SDKs: %s", out)
	return modules
}

// view is what tests see of a tab or of a frame in it.
type view struct {
	*testing.T
	ctx context.Context
}

// eval runs a script and returns its value.
func eval[V any](v *view, script string) V {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, long)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[V](script, chromedp.EvalAwaitPromise))
	require.NoError(v, err, script)
	return value
}

// until waits until a script gives true.
func (v *view) until(script string) {
	v.Helper()
	for end := time.Now().Add(long); ; time.Sleep(20 * time.Millisecond) {
		if eval[bool](v, `Boolean(`+script+`)`) {
			return
		}
		if time.Now().After(end) {
			require.Fail(v, "it does not happen: "+script, "the page shows %q", v.text("body"))
		}
	}
}

// text is what an element shows.
func (v *view) text(selector string) string {
	v.Helper()
	return eval[string](v, fmt.Sprintf(`(e => e?.checkVisibility() ? e.innerText : '')(document.querySelector(%q))`, selector))
}

// shows waits until an element shows a text.
func (v *view) shows(selector, text string) {
	v.Helper()
	v.until(fmt.Sprintf(`(e => e?.checkVisibility() && e.innerText.includes(%q))(document.querySelector(%q))`, text, selector))
}

// click presses a button as a user does.
func (v *view) click(selector string) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, long)
	defer cancel()
	require.NoError(v, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))))
}

// openTab opens an address in a tab of its own.
func openTab(t *testing.T, address string) *view {
	t.Helper()
	ctx, cancel := chromedp.NewContext(openBrowser(t))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address)))
	return &view{t, ctx}
}

// find waits for a target of the browser whose address begins so, and attaches to
// it. Frames of other sites are targets of their own.
func find(t *testing.T, kind, address string) *view {
	t.Helper()
	return findIn(t, openBrowser(t), kind, address)
}

// findIn is find in one of several browsers.
func findIn(t *testing.T, browser context.Context, kind, address string) *view {
	t.Helper()
	for end := time.Now().Add(long); ; time.Sleep(20 * time.Millisecond) {
		for _, id := range targets(t, browser, kind, address) {
			if v := attach(t, browser, id); v != nil {
				return v
			}
		}
		require.True(t, time.Now().Before(end), "there is no %s at %s", kind, address)
	}
}

// gone waits until the browser has no such target any more, so that find finds
// the next one: a frame is listed, and answers, for a moment after it was removed.
func gone(t *testing.T, kind, address string) {
	t.Helper()
	for end := time.Now().Add(long); len(targets(t, openBrowser(t), kind, address)) > 0; time.Sleep(20 * time.Millisecond) {
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
func attach(t *testing.T, browser context.Context, id target.ID) *view {
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
	return &view{t, ctx}
}
