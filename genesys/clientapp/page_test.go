//go:build !race

package clientapp_test

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp"
)

// inRegion returns an app that nobody calls.
func inRegion(t *testing.T, domain string, change ...func(*clientapp.Config)) *clientapp.App {
	region, err := genesys.ParseRegion(domain)
	require.NoError(t, err)
	c := clientapp.Config{Region: region, ClientID: bridge, OrganizationID: organization, AnyAgent: true,
		Sink: func(context.Context, conversation.Update) error { return nil }}
	for _, f := range change {
		f(&c)
	}
	app, err := clientapp.New(c)
	require.NoError(t, err)
	t.Cleanup(app.Close)
	return app
}

func get(app *clientapp.App, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

func TestThePolicyNamesTheHostsOfTheRegionAndNoOthers(t *testing.T) {
	for _, r := range genesys.Regions() {
		d := r.Domain
		header := get(inRegion(t, d), "/").Header()
		require.Equal(t, "default-src 'none'; script-src 'self'"+
			" https://sdk-cdn.mypurecloud.com/client-apps/2.6.10/purecloud-client-app-sdk-c3a00965.min.js"+
			" https://sdk-cdn.mypurecloud.com/javascript/262.0.0/purecloud-platform-client-v2.min.js"+
			"; style-src 'self'; connect-src 'self' https://api."+d+" wss://streaming."+d+" https://login."+d+
			"; frame-src 'self' https://login."+d+"; frame-ancestors 'self' https://apps."+d+"; base-uri 'none'; form-action 'none'",
			header.Get("Content-Security-Policy"))
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Empty(t, header.Get("X-Frame-Options"), "it cannot name an origin")
	}
	app := inRegion(t, "mypurecloud.de", func(c *clientapp.Config) { c.Embedders = []string{"https://CRM.example.com/"} })
	require.Contains(t, get(app, "/").Header().Get("Content-Security-Policy"), "frame-ancestors 'self' https://apps.mypurecloud.de https://crm.example.com;")
}

func TestARegionThatIsGivenByItsAPIHasTheSameHosts(t *testing.T) {
	byName := inRegion(t, "mypurecloud.de")
	byURL := inRegion(t, "mypurecloud.de", func(c *clientapp.Config) { c.Region, c.BaseURL = genesys.Region{}, "https://api.mypurecloud.de/" })
	for _, path := range []string{"/", "/config.json"} {
		require.Equal(t, get(byName, path).Body.String(), get(byURL, path).Body.String())
		require.Equal(t, get(byName, path).Header().Get("Content-Security-Policy"), get(byURL, path).Header().Get("Content-Security-Policy"))
	}
	gateway := inRegion(t, "mypurecloud.de", func(c *clientapp.Config) { c.BaseURL = "https://gateway.example.com:8443/genesys" })
	require.Contains(t, get(gateway, "/").Header().Get("Content-Security-Policy"),
		"connect-src 'self' https://gateway.example.com:8443 wss://gateway.example.com:8443 wss://streaming.mypurecloud.de; frame-src 'self' https://gateway.example.com:8443")
	require.Contains(t, get(gateway, "/config.json").Body.String(),
		`"gateway":{"protocol":"https","host":"gateway.example.com","port":8443,"path_params_login":"/genesys","path_params_api":"/genesys"}`)
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	app := inRegion(t, "mypurecloud.de")
	for _, path := range []string{"/", "/main.js", "/style.css", "/config.json", "/nothing", "/updates", "/case"} {
		header := get(app, path).Header()
		require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
	}
}

func TestTheSDKsComeFromTheCDNWithTheirHashesOrFromTheHost(t *testing.T) {
	page := html.UnescapeString(get(inRegion(t, "mypurecloud.de"), "/").Body.String())
	require.Len(t, regexp.MustCompile(`src="https://sdk-cdn\.mypurecloud\.com/[^"]+" integrity="sha384-[^"]{64}" crossorigin="anonymous"`).FindAllString(page, -1), 2)

	files := fstest.MapFS{}
	for _, name := range clientapp.SDKFiles() {
		files[name] = &fstest.MapFile{Data: []byte("// " + name)}
	}
	app := inRegion(t, "mypurecloud.de", func(c *clientapp.Config) { c.SDK = files })
	page = get(app, "/").Body.String()
	require.NotContains(t, page, "https://")
	require.NotContains(t, get(app, "/").Header().Get("Content-Security-Policy"), "sdk-cdn")
	for _, source := range regexp.MustCompile(`src="(sdk/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		answer := get(app, "/"+source[1])
		require.Equal(t, http.StatusOK, answer.Code, source[1])
		require.Equal(t, "text/javascript; charset=utf-8", answer.Header().Get("Content-Type"))
	}
	_, err := clientapp.New(clientapp.Config{BaseURL: "https://gateway.example.com", ClientID: "c", OrganizationID: "o", AnyAgent: true,
		Sink: func(context.Context, conversation.Update) error { return nil }, SDK: fstest.MapFS{}})
	require.ErrorContains(t, err, clientapp.SDKFiles()[0])
}

// cdnFiles are the files of the npm packages whose hashes the page asks the CDN
// for.
var cdnFiles = []string{
	"purecloud-client-app-sdk/dist/purecloud-client-app-sdk-c3a00965.min.js",
	"purecloud-platform-client-v2/dist/web-cjs/purecloud-platform-client-v2.min.js",
}

func TestTheHashesForTheCDNAreThoseOfTheNPMPackages(t *testing.T) {
	page := html.UnescapeString(get(inRegion(t, "mypurecloud.de"), "/").Body.String())
	for _, name := range cdnFiles {
		content, err := fs.ReadFile(os.DirFS(nodeModules(t)), name)
		require.NoError(t, err)
		digest := sha512.Sum384(content)
		require.Contains(t, page, path.Base(name)+`" integrity="sha384-`+base64.StdEncoding.EncodeToString(digest[:])+`"`)
	}
}

func TestThePageWorksWithTheFilesThatTheCDNServes(t *testing.T) {
	files := fstest.MapFS{}
	for i, name := range cdnFiles {
		content, err := fs.ReadFile(os.DirFS(nodeModules(t)), name)
		require.NoError(t, err)
		files[clientapp.SDKFiles()[i]] = &fstest.MapFile{Data: content}
	}
	w := newWorld(t, func(a *arrangement) { a.config = func(c *clientapp.Config) { c.SDK = files } })
	w.talk("c-1", "user-a")
	desktop, frames := w.opens(w.widget("c-1"))
	frames[0].Shows(".owner", "Owner: you")
	desktop.Until(`said.some(([action]) => action === 'bootstrapped')`)
}

func TestTheSettingsTellNothingButWhatThePageNeeds(t *testing.T) {
	var is map[string]any
	require.NoError(t, json.Unmarshal(get(inRegion(t, "mypurecloud.de"), "/config.json").Body.Bytes(), &is))
	require.Equal(t, map[string]any{"clientId": bridge, "domain": "mypurecloud.de", "login": "https://login.mypurecloud.de",
		"embedders": []any{"https://apps.mypurecloud.de"}, "bodies": false, "maxBody": 1048576.0}, is)
}

func TestABrowserThatHasTheFilesIsSentNothing(t *testing.T) {
	app := inRegion(t, "mypurecloud.de")
	for _, encoding := range []string{"", "gzip"} {
		first := get(app, "/main.js", "Accept-Encoding", encoding)
		require.Equal(t, encoding, first.Header().Get("Content-Encoding"))
		second := get(app, "/main.js", "Accept-Encoding", encoding, "If-None-Match", first.Header().Get("ETag"))
		require.Equal(t, http.StatusNotModified, second.Code)
		require.Zero(t, second.Body.Len())
	}
	require.NotEqual(t, get(app, "/main.js").Header().Get("ETag"), get(app, "/main.js", "Accept-Encoding", "gzip").Header().Get("ETag"))
}

func TestOnlyReadingIsUnderstoodOfFiles(t *testing.T) {
	w := httptest.NewRecorder()
	inRegion(t, "mypurecloud.de").ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/main.js", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, http.StatusNotFound, get(inRegion(t, "mypurecloud.de"), "/../config.go").Code)
}

// The files as they are in the repository.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := fs.ReadDir(os.DirFS("page"), ".")
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile("page/" + f.Name())
		require.NoError(t, err)
		all[f.Name()] = string(text)
	}
	return all
}

func TestOurOwnFilesWeighFortyEightKilobytesAtMost(t *testing.T) {
	weight := 0
	for _, text := range sources(t) {
		weight += len(text)
	}
	require.LessOrEqual(t, weight, 48<<10)
}

func TestThePageMakesNoMarkupAndRunsNoText(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|setAttribute\(['"]on`)
	for name, text := range sources(t) {
		require.Empty(t, forbidden.FindString(text), name)
		if strings.HasSuffix(name, ".html") {
			require.NotRegexp(t, `(?i)<script(?:[^>]*)>[^<]|\son\w+=|style=`, text, "the policy forbids what is in line")
		}
	}
}

func TestEveryLanguageHasTheSameTexts(t *testing.T) {
	text := sources(t)["text.js"]
	names := func(lang string) []string {
		_, rest, found := strings.Cut(text, "const "+lang+" = {")
		require.True(t, found, lang)
		table, _, _ := strings.Cut(rest, "\n};")
		var all []string
		for _, m := range regexp.MustCompile(`(?:^|[\s{,])('[\w-]+'|\w+): ['{]`).FindAllStringSubmatch(table, -1) {
			all = append(all, m[1])
		}
		return all
	}
	require.NotEmpty(t, names("en"))
	require.Equal(t, names("en"), names("de"))
	require.Equal(t, names("en"), names("es"))
}
