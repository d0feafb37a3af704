//go:build !race

package inspector_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/browsertest"
	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/memstore"
)

// opens opens a page in a tab of somebody.
func (d *desk) opens(who, page string) *browsertest.View {
	d.Helper()
	v := browsertest.OpenTab(d.T, d.at(who, url.QueryEscape(page)))
	v.Until(`document.readyState === 'complete'`)
	return v
}

func TestAFailingHookIsFoundRepairedAndRetried(t *testing.T) {
	d := newDesk(t)
	d.broken.Store(true)
	for _, id := range []string{"c-1", "c-2", "c-3"} {
		d.tell(story(id, 150*time.Second))
	}
	d.fails(3)
	page := d.opens("anna", "health")
	page.Shows("#problems", "3 of the hook notify-crm have failed")
	page.Click(`td a[href="failed?hook=notify-crm"]`)
	page.Shows("#items", "the CRM answers 503")

	// One, and its hook still fails; then it is repaired.
	page.Click(`#items article input`)
	page.Click(`#items button[value=retry]`)
	page.Shows("#decided", "1 is tried again.")
	d.fails(3)
	d.broken.Store(false)
	page.Until(`document.querySelectorAll('#items article').length === 3`)
	page.Click(`#items article:last-of-type input`)
	page.Click(`#items button[value=retry]`)
	page.Shows("#decided", "1 is tried again.")
	page.Until(`document.querySelectorAll('#items article').length === 2`)

	// All, from the tile of the hook.
	page.Click(`[data-part=hooks] button[value=retry]`)
	page.Shows("#decided", "2 are tried again.")
	page.Shows("#none", "Nothing has failed")
	d.fails(0)
	require.Contains(t, d.log.String(), "by=anna decision=retry items=2")
}

func TestManyAreTickedAndSkipped(t *testing.T) {
	d := newDesk(t)
	d.broken.Store(true)
	for _, id := range []string{"c-1", "c-2", "c-3"} {
		d.tell(story(id, 150*time.Second))
	}
	d.fails(3)
	page := d.opens("anna", "failed")
	page.Click(`[data-all]`)
	page.Until(`document.querySelectorAll('#items article input:checked').length === 3`)
	page.Click(`#items article input`) // but one
	page.Click(`#items button[value=skip]`)
	page.Shows("#decided", "2 were skipped.")
	page.Until(`document.querySelectorAll('#items article').length === 1`)

	require.False(t, browsertest.Eval[bool](page, `document.querySelector('button.danger').checkVisibility()`), "what cannot be undone takes two steps")
	page.Click(`.confirm summary`)
	page.Click(`.confirm button.danger`)
	page.Shows("#decided", "1 was skipped.")
	page.Shows("#none", "Nothing has failed")
	d.fails(0)
}

func TestAConversationIsFollowedLive(t *testing.T) {
	d := newDesk(t)
	s := story("c-1", 0)
	d.tellUntil(s, 30*time.Second) // in the queue
	list := d.opens("anna", "")
	list.Shows("#conversations", "Queued")
	list.Click(`a[href="conversation?id=c-1"]`)
	list.Shows("[data-part=head]", "Queued")
	list.Shows("#live", "Live")
	bars := browsertest.Eval[int](list, `document.querySelectorAll('.bar').length`)
	list.Click(`#facts-0 summary`)
	list.Until(`document.querySelector('#facts-0').open`)
	require.True(t, browsertest.Eval[bool](list, `(document.querySelector('#facts-0 summary').focus(), true)`))

	d.tellUntil(s, 2*time.Minute) // an agent has answered
	list.Shows("[data-part=head]", "Active")
	list.Shows("#events", "agent.connected")
	list.Until(`document.querySelectorAll('.bar').length > ` + strconv.Itoa(bars))
	list.Until(`document.querySelector('#news').textContent.includes('agent.connected')`)
	require.True(t, browsertest.Eval[bool](list, `document.querySelector('#facts-0').open`), "what a reader has opened stays open")
	require.Equal(t, "SUMMARY", browsertest.Eval[string](list, `document.activeElement.tagName`), "a change takes the focus from nobody")

	d.tellUntil(s, time.Hour)
	list.Shows("[data-part=head]", "Ended")
	list.Shows("#events", "conversation.ended")

	other := d.opens("anna", "")
	other.Shows("#conversations", "c-1")
	d.tellUntil(story("c-2", 0), 30*time.Second)
	other.Shows("#conversations", "c-2")
}

func TestWhatIsForgottenVanishesFromThePagesThatShowIt(t *testing.T) {
	d := newDesk(t)
	d.tellUntil(story("c-1", 0), time.Hour)
	page := d.opens("anna", "conversation?id=c-1")
	page.Shows("#live", "Live")
	page.Shows("[data-part=head]", "Rosa Lindqvist")
	_, err := d.Forget(t.Context(), "c-1")
	require.NoError(t, err)
	page.Shows("[role=alert]", "is not tracked")
	require.NotContains(t, browsertest.Eval[string](page, `document.documentElement.innerHTML`), "Rosa")
	page.Shows("#live", "Not live")
}

func TestAPageThatCannotBeReadSaysThatItMayBeOld(t *testing.T) {
	away := &outage{Store: memstore.New()}
	d := newDeskOn(t, away)
	s := story("c-1", 0)
	d.tellUntil(s, 30*time.Second)
	page := d.opens("anna", "conversation?id=c-1")
	page.Until(`document.querySelector('#live').textContent === 'Live'`)
	away.down.Store(true)
	page.Shows("#live", "what is shown may be old")
	page.Shows("[data-part=head]", "Queued")
	away.down.Store(false)
	page.Until(`document.querySelector('#live').textContent === 'Live'`)
	d.tellUntil(s, 2*time.Minute)
	page.Shows("[data-part=head]", "Active")
}

// TestAProxyThatDoesNotFindThePagesDestroysNone has a proxy before the pages, which
// answers in their place for a while, and then wants a password.
func TestAProxyThatDoesNotFindThePagesDestroysNone(t *testing.T) {
	d := newDesk(t)
	s := story("c-1", 0)
	d.tellUntil(s, 30*time.Second)
	var answers, asked atomic.Int64
	d.behindAProxy(func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if status := int(answers.Load()); status != 0 && path.Base(r.URL.Path) == "conversation" {
			asked.Add(1)
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<main id=main>the proxy</main>"))
			return
		}
		pass.ServeHTTP(w, r)
	})
	v := browsertest.OpenTab(t, "about:blank")
	d.openFaster(v, "conversation?id=c-1")
	v.Until(`document.querySelector('#live')?.textContent === 'Live'`)

	answers.Store(http.StatusNotFound)
	d.tellUntil(s, 2*time.Minute)
	v.Shows("#live", "what is shown may be old")
	v.Shows("[data-part=head]", "Rosa Lindqvist")
	answers.Store(0)
	v.Shows("[data-part=head]", "Active")
	v.Until(`document.querySelector('#live').textContent === 'Live'`)

	asked.Store(0)
	answers.Store(http.StatusUnauthorized)
	d.tellUntil(s, time.Hour)
	v.Shows("#main", "cannot be shown any more")
	v.Until(`document.querySelector('#live').textContent === 'Not live'`)
	require.NotContains(t, browsertest.Eval[string](v, `document.documentElement.innerHTML`), "Rosa")
	require.True(t, browsertest.Eval[bool](v, `new Promise(done => setTimeout(() => done(true), 40000))`)) // 2 s
	require.Equal(t, int64(1), asked.Load(), "nobody is asked again for a password")
}

// behindAProxy puts a proxy before the pages, which answers with answer; pass hands a
// request on to the pages.
func (d *desk) behindAProxy(answer func(w http.ResponseWriter, r *http.Request, pass http.Handler)) {
	d.Helper()
	to, err := url.Parse(d.url)
	require.NoError(d, err)
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	pass.Transport = &http.Transport{DisableKeepAlives: true}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r, pass) }))
	d.Cleanup(func() {
		d.pages.Close()
		proxy.CloseClientConnections()
		proxy.Close()
	})
	d.url = proxy.URL + "/operate/"
}

// openFaster opens a page in which time passes twenty times as fast.
func (d *desk) openFaster(v *browsertest.View, of string) {
	d.Helper()
	const faster = `{ const after = setTimeout; window.setTimeout = (f, ms) => after(f, ms / 20); }`
	_, err := chromedp.Call(v.Context, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: faster})
	require.NoError(d, err)
	require.NoError(d, chromedp.Do(v.Context, chromedp.Navigate(d.at("anna", url.QueryEscape(of)))))
}

// TestAStreamOnADeadPathIsGivenUp has a proxy that passes on how a stream begins, and
// then neither says nor ends anything.
func TestAStreamOnADeadPathIsGivenUp(t *testing.T) {
	d := newDesk(t)
	s := story("c-1", 0)
	d.tellUntil(s, 30*time.Second)
	var streams atomic.Int64
	d.behindAProxy(func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if path.Base(r.URL.Path) == "live" && streams.Add(1) == 1 {
			w = &deaf{ResponseWriter: w}
		}
		pass.ServeHTTP(w, r)
	})
	v := browsertest.OpenTab(t, "about:blank")
	d.openFaster(v, "conversation?id=c-1")
	v.Until(`document.querySelector('#live')?.textContent === 'Live'`)
	d.tellUntil(s, 2*time.Minute)
	v.Shows("[data-part=head]", "Active")
	require.Greater(t, streams.Load(), int64(1))
}

// deaf passes on what is written until the first state of a page.
type deaf struct {
	http.ResponseWriter
	ended bool
}

func (d *deaf) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *deaf) Write(b []byte) (int, error) {
	if d.ended {
		return len(b), nil
	}
	d.ended = bytes.Contains(b, []byte("event: changed"))
	return d.ResponseWriter.Write(b)
}

// hostile are names that a caller may choose.
var hostile = map[string]string{
	"markup":     `<script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">`,
	"attribute":  `"><b id=pwned> ' onfocus=alert(1) autofocus x="`,
	"template":   `{{.Viewer}} ${alert(1)} </title></textarea></svg>`,
	"long":       strings.Repeat("Wolfeschlegelsteinhausenbergerdorff", 120),
	"rtl":        "\u202egnirts desrever\u202c \u202eعرض السعر",
	"javascript": `javascript:alert(1)`,
}

func TestHostileNamesStayText(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.broken.Store(true)
			id := "c-" + name + ` <i>"&`
			s := story(id, 150*time.Second)
			for _, l := range s.Legs {
				l.Name = text
				if l.Address != "" {
					l.Address = "tel:+4930123456"
				}
			}
			d.tell(s)
			require.NoError(t, d.SetAttributes(t.Context(), id, map[string]string{text[:min(len(text), 200)]: text}))
			d.fails(1)
			page := d.opens("anna", "")
			for _, at := range []struct{ address, selector string }{
				{"", "#conversations"}, {"conversation?id=" + url.QueryEscape(id), "#events"}, {"failed", "#items"}, {"health", "h1"},
			} {
				require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate(d.url+at.address)))
				page.Until(`document.querySelector('` + at.selector + `')?.checkVisibility()`)
				require.Contains(t, browsertest.Eval[string](page, `document.title`), "convtrack")
				require.True(t, browsertest.Eval[bool](page, `!document.querySelector('#pwned, main script, main img')`))
				for _, width := range []int64{360, 1280} {
					page.Looks("light", width)
					page.Until(`innerWidth === ` + strconv.Itoa(int(width)))
					require.True(t, browsertest.Eval[bool](page, `document.documentElement.scrollWidth <= innerWidth`), "%s at %d is scrolled sideways", at.address, width)
				}
			}
			// What is put in its place later is text, too.
			require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate(d.url+"conversation?id="+url.QueryEscape(id))))
			page.Shows("#live", "Live")
			d.tellUntil(s, time.Hour)
			page.Shows("#events", "agent.transferred")
			require.True(t, browsertest.Eval[bool](page, `!document.querySelector('#pwned, main script, main img')`))
			require.Contains(t, browsertest.Eval[string](page, `document.title`), "convtrack")
			page.Until(`[...document.querySelectorAll('[data-part=head] bdi')].some(e => e.textContent === '+4930123456')`) // apart from the name
		})
	}
}

func TestWhoMayOnlyLookHasNoButtons(t *testing.T) {
	d := newDesk(t)
	d.broken.Store(true)
	d.tell(story("c-1", 150*time.Second))
	d.fails(1)
	page := d.opens("vera", "failed")
	page.Shows("#items", "notify-crm")
	require.Zero(t, browsertest.Eval[int](page, `document.querySelectorAll('main button, main input[type=checkbox]').length`))
	for _, text := range personal {
		require.NotContains(t, page.Text("body"), text)
	}
	page.Shows("footer", "no right to see")
}

// TestAnotherSiteDecidesNothing has a page of another origin send the form, as the
// person who has the pages open.
func TestAnotherSiteDecidesNothing(t *testing.T) {
	d, other := newDesk(t), newDesk(t)
	d.broken.Store(true)
	d.tell(story("c-1", 150*time.Second))
	d.fails(1)
	page := d.opens("anna", "failed")
	page.Shows("#items", "notify-crm")
	token := d.token("anna") // though it were known
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate(other.url[:len(other.url)-len("operate/")]+"blank")))
	browsertest.Eval[bool](page, `(() => {
		const f = document.createElement('form');
		f.method = 'post'; f.action = '`+d.url+`failed';
		for (const [n, v] of [['do', 'skip'], ['all', '1'], ['hook', 'notify-crm'], ['token', '`+token+`']]) {
			const i = document.createElement('input'); i.name = n; i.value = v; f.append(i);
		}
		document.body.append(f); f.submit(); return true;
	})()`)
	page.Shows("[role=alert]", "did not come from your own page")
	d.fails(1)
}

func TestThePagesAreUsedWithTheKeyboardAndSaidToWhoDoesNotSeeThem(t *testing.T) {
	d := newDesk(t)
	d.broken.Store(true)
	d.tell(story("c-1", 150*time.Second))
	d.fails(1)
	page := d.opens("anna", "failed")
	press := func(keys string) {
		require.NoError(t, chromedp.Do(page.Context, chromedp.KeyEvent(keys)))
	}
	press(kb.Tab)
	require.Equal(t, "Skip to the content", browsertest.Eval[string](page, `document.activeElement.textContent`))
	press(kb.Enter)
	page.Until(`document.activeElement.id === 'main'`)
	for !browsertest.Eval[bool](page, `document.activeElement.matches('#items article input')`) {
		press(kb.Tab)
	}
	press(" ")
	page.Until(`document.activeElement.checked`)
	for i := 0; !browsertest.Eval[bool](page, `document.activeElement.matches('#items button[value=retry]')`); i++ {
		require.NoError(t, chromedp.Do(page.Context, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(8)))) // backwards
		require.Less(t, i, 50)
	}
	d.broken.Store(false)
	press(kb.Enter)
	page.Shows("#decided", "1 is tried again.")

	for _, address := range []string{"", "conversation?id=c-1", "failed", "health", "processes"} {
		require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate(d.url+address)))
		page.Until(`document.readyState === 'complete'`)
		for script, want := range map[string]string{
			`document.documentElement.lang`: "en",
			`[...document.querySelectorAll('header, nav, main, footer')].map(e => e.tagName).join()`: "HEADER,NAV,MAIN,FOOTER",
			`String(document.querySelectorAll('h1').length)`:                                         "1",
			`document.querySelector('nav').getAttribute('aria-label')`:                               "Pages",
			`document.querySelector('#live').getAttribute('role')`:                                   "status",
			// What has no name for who does not see it:
			`[...document.querySelectorAll('a, button, select, input:not([type=hidden]), svg:not([aria-hidden])')].filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML).join()`: "",
			`[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i).join()`:                                                                                                                  "",
		} {
			require.Equal(t, want, browsertest.Eval[string](page, script), "%s: %s", address, script)
		}
	}
}

func TestAPageThatNobodySeesHoldsNoStream(t *testing.T) {
	d := newDesk(t, func(c *inspector.Config) { c.Streams = 1 })
	s := story("c-1", 0)
	d.tellUntil(s, 30*time.Second)
	isLive := `document.querySelector('#live').textContent === 'Live'`
	becomes := func(v *browsertest.View, state string) {
		browsertest.Eval[bool](v, `(Object.defineProperty(document, 'visibilityState', {value: '`+state+`', configurable: true}),
			document.dispatchEvent(new Event('visibilitychange')))`)
	}
	page := d.opens("anna", "conversation?id=c-1")
	page.Until(isLive)
	becomes(page, "hidden")
	other := d.opens("anna", "health") // is given the only stream
	other.Until(isLive)
	becomes(other, "hidden")
	d.tellUntil(s, 2*time.Minute)
	becomes(page, "visible")
	page.Shows("[data-part=head]", "Active")
	page.Until(isLive)
}
