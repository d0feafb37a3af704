//go:build !race

package browsertest

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(Main(m, os.Getenv("CONVTRACK_TEST_CHROMIUM"))) }

func TestAnotherBrowserIsStartedWhereTheFirstHasCrashed(t *testing.T) {
	ctx := Open(t)
	require.Equal(t, ctx, Open(t))
	require.NoError(t, chromedp.FromContext(ctx).Browser.Process().Kill())
	<-ctx.Done()
	v := OpenTab(t, "about:blank")
	require.Equal(t, "complete", Eval[string](v, "document.readyState"))
	require.Equal(t, 1, browser.crashes)
}
