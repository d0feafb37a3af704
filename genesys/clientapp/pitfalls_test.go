//go:build !race

package clientapp_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/setup"
	"github.com/dcmkit/convtrack/internal/browsertest"
)

// pitfalls are the ways in which pages like this one have failed elsewhere, and
// the tests that show that this one does not.
var pitfalls = map[string][]string{
	"C1, frames of one origin share the place where the SDK keeps the verifier":                       {"TestTwoFramesThatLogInAtOnceBothSucceed"},
	"C2, the SDK does not compare the state":                                                          {"TestAnAnswerThatNobodyHasAskedForIsNotExchanged"},
	"C3, a window is opened in a click or not at all":                                                 {"TestTheWindowIsOpenedInTheClickAndABlockedOneIsExplained"},
	"C4, a window has other storage than the frame that opened it":                                    {"TestAnAgentWithoutASessionLogsInWithAWindow"},
	"C5, login pages refuse to be framed":                                                             {"TestAnAgentWithoutASessionLogsInWithAWindow"},
	"C6, a frame whose storage is blocked throws when it looks":                                       {"TestAFrameWithoutStorageWorks", "TestASandboxWithoutAnOriginIsExplained"},
	"C7, a token is revoked when nobody has used it for a while":                                      {"TestAnIdleTokenIsRenewedWhenItIsNeededAndNotBefore", "TestHintsDoNotKeepATokenAliveThatTheOrganisationWantsToEnd"},
	"C8, after the login the address has lost its query":                                              {"TestAFrameThatIsReloadedKnowsItsConversation"},
	"C9, a frame that is moved is loaded anew":                                                        {"TestAFrameThatIsLoadedTwentyTimesCostsOneChannel"},
	"C10, each page around the frame is checked":                                                      {"TestEachPageAroundTheFrameMustBeNamed", "TestAnEmbedderThatIsNotNamedSeesNothing"},
	"C11, a login may want to know who embeds it":                                                     {"TestTheLoginLearnsWhichOriginEmbedsItAndNoMore"},
	"C12, the implicit grant is being withdrawn":                                                      {"TestThePageUsesNoGrantButTheCode"},
	"C13, the page is loaded while the interaction alerts, and what follows is between its two steps": {"TestWhatHappensWhileThePageComesUpIsNotMissed"},
}

func TestEachKnownPitfallHasItsTest(t *testing.T) {
	require.Len(t, pitfalls, 13)
	var tests []string
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is {
				tests = append(tests, f.Name.Name)
			}
		}
	}
	for pitfall, named := range pitfalls {
		for _, test := range named {
			require.Contains(t, tests, test, pitfall)
		}
	}
}

// TestAFrameWithoutStorageWorks: with all data of sites blocked, the mere look at
// sessionStorage throws.
func TestAFrameWithoutStorageWorks(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	profile := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(profile, "Default"), 0o700))
	blocked := `{"profile": {"default_content_setting_values": {"cookies": 2}}}`
	require.NoError(t, os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(blocked), 0o600))
	ctx, stop, err := browsertest.Start(chromedp.UserDataDir(profile))
	require.NoError(t, err)
	defer stop()
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(w.desktop+"/?"+url.Values{"src": {w.widget("c-1")}}.Encode())))
	page := browsertest.FindIn(t, ctx, "iframe", w.page)
	require.Equal(t, "SecurityError", browsertest.Eval[string](page, `(() => { try { return typeof sessionStorage } catch (e) { return e.name } })()`), "the browser does not block")
	page.Shows("#link", "Connected")
	page.Shows(".owner", "Owner: you")
}

func TestAnIdleTokenIsRenewedWhenItIsNeededAndNotBefore(t *testing.T) {
	const idle = 2 * time.Second
	w := newWorld(t, func(a *arrangement) { a.simulator = append(a.simulator, genesystest.IdleTimeout(idle)) })
	w.talk("c-1", "user-a")
	page := w.open("c-1")
	page.Shows("#link", "Connected")
	page.Shows(".owner", "Owner: you")
	w.until("the page has looked", func() bool { return w.told("c-1")["snapshot"] > 0 })
	time.Sleep(2 * idle)
	logins := w.asked("POST", "/oauth/token")
	time.Sleep(2 * idle)
	require.Equal(t, logins, w.asked("POST", "/oauth/token"), "not while nobody needs it")
	events := w.told("c-1")["event"]
	w.touch("c-1", "after")
	w.until("the event is told, with a new token", func() bool { return w.told("c-1")["event"] > events })
	require.Greater(t, w.asked("POST", "/oauth/token"), logins, "nothing has kept the old one alive")
	page.Shows("#link", "Connected")
	require.Empty(t, page.Text("#trouble"))
}

func TestAFrameThatIsReloadedKnowsItsConversation(t *testing.T) {
	w := newWorld(t)
	w.talk("c-1", "user-a")
	address := w.widget("c-1", "gcLangTag", "de")
	_, frames := w.opens(address)
	frames[0].Shows(".owner", "Zuständig: Sie")
	snapshots := w.told("c-1")["snapshot"]
	_, _ = chromedp.Run(frames[0].Context, chromedp.Evaluate[bool](`(location.reload(), true)`))
	w.until("it looks again", func() bool { return w.told("c-1")["snapshot"] > snapshots })
	browsertest.Find(t, "iframe", address).Shows(".owner", "Zuständig: Sie")
}

// TestEachPageAroundTheFrameMustBeNamed: where Genesys Cloud is itself embedded,
// in a CRM, its origin alone is not enough.
func TestEachPageAroundTheFrameMustBeNamed(t *testing.T) {
	for _, named := range []bool{true, false} {
		var around string
		crm := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = fmt.Fprintf(out, `<!doctype html><title>CRM</title><iframe style="width:100%%;height:90vh" src=%q></iframe>`, around)
		}))
		defer crm.Close()
		origin := strings.Replace(crm.URL, "127.0.0.1", "crm.localhost", 1)
		w := newWorld(t, func(a *arrangement) {
			a.config = func(c *clientapp.Config) {
				if named {
					c.Embedders = append(c.Embedders, origin)
				}
			}
		})
		w.talk("c-1", "user-a")
		around = w.desktop + "/?" + url.Values{"src": {w.widget("c-1")}}.Encode()
		browsertest.OpenTab(t, origin)
		if named {
			browsertest.Find(t, "iframe", w.page).Shows(".owner", "Owner: you")
			continue
		}
		w.until("the browser refuses to show it", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.violations) > 0
		})
		w.mu.Lock()
		require.Contains(t, w.violations[0], "frame-ancestors")
		require.Equal(t, []string{"GET "}, w.requests, "nothing of the page runs")
		w.violations = nil // this one is meant
		w.mu.Unlock()
	}
}

func TestThePageUsesNoGrantButTheCode(t *testing.T) {
	files, err := filepath.Glob("page/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, old := range []string{"loginImplicitGrant", "'token'", `"token"`, "response_type=token", "#access_token", "client_secret"} {
			require.NotContains(t, string(text), old, name)
		}
	}
}

// TestWhatHappensWhileThePageComesUpIsNotMissed: the page subscribes, and then it
// looks, so that nothing is between the two.
func TestWhatHappensWhileThePageComesUpIsNotMissed(t *testing.T) {
	for name, step := range map[string]struct{ method, path string }{
		"before it has a channel":   {"POST", newChannel},
		"before it has subscribed":  {"PUT", newChannel + "/{id}/subscriptions"},
		"before it has looked":      {"GET", oneConversation},
		"before it knows the agent": {"GET", "/api/v2/users/me"},
	} {
		w := newWorld(t)
		w.talk("c-1", "user-a")
		undo := w.genesys.Faults().Requests(genesystest.RequestFault{Delay: time.Second, Times: 1,
			Match: func(method, path string) bool { return method == step.method && path == step.path }})
		before := w.asked(step.method, step.path)
		page := w.open("c-1")
		w.until(name, func() bool { return w.asked(step.method, step.path) > before })
		w.touch("c-1", name)
		page.Shows("#link", "Connected")
		w.until("the change is known: "+name, func() bool { return w.knows("c-1") != nil && w.attribute("c-1") == name })
		undo()
	}
}

// TestTheIntegrationThatIsWrittenForAnAdministratorWorksOnTheDesktop shows the
// page with the files of genesys/setup, on the simulator's desktop.
func TestTheIntegrationThatIsWrittenForAnAdministratorWorksOnTheDesktop(t *testing.T) {
	const somewhere = "https://dcm.example.com"
	files, err := setup.Files(setup.Config{Region: genesys.Regions()[0], BaseURL: somewhere, ClientApp: &setup.ClientApp{Widget: true, Standalone: true}})
	require.NoError(t, err)
	w := newWorld(t)
	for _, f := range files {
		if !strings.HasPrefix(f.Path, "genesys/integrations/client-app-") {
			continue
		}
		var is struct {
			Type       string `json:"integrationType"`
			Name       string
			Properties struct{ URL, Sandbox string }
		}
		require.NoError(t, json.Unmarshal(f.Content, &is))
		w.genesys.InstallApps(genesystest.ClientApp{Name: is.Name, Sandbox: is.Properties.Sandbox, Standalone: is.Type == "embedded-client-app",
			URL: strings.Replace(is.Properties.URL, somewhere+setup.ClientAppPath, w.page, 1)})
	}
	desktop := browsertest.OpenTab(t, w.genesys.DesktopURL("user-a", ""))
	desktop.Click("#start button")
	widget := browsertest.Find(t, "iframe", w.page)
	widget.Shows(".owner", "Owner: you")
	desktop.Until(`[...document.querySelectorAll('#said li')].some(l => l.dataset.action === 'bootstrapped')`)
	desktop.Click("#transfer")
	desktop.Until(`document.querySelectorAll('iframe').length === 0`) // it has stopped when told so
	desktop.Until(`[...document.querySelectorAll('#said li')].some(l => l.dataset.action === 'stopped')`)
	browsertest.Gone(t, "iframe", w.page)
	desktop.Click("#start button")
	browsertest.Find(t, "iframe", w.page+"?gcConversationId=").Shows(".owner", "Owner: you")
	desktop.Click("#apps button")
	browsertest.Find(t, "iframe", w.page+"?gcHostOrigin=").Shows(".owner", "Owner: you")
}
