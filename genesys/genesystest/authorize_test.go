package genesystest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const (
	appClient = "bridge-client"
	appPage   = "https://dcm.example.com/genesys/app/"
	appOrigin = "https://dcm.example.com"
)

// browser is one in which a page of the client app logs in.
type browser struct {
	*client
	verifier string
}

// browsing runs a test with a browser, in virtual time.
func browsing(t *testing.T, do func(t *testing.T, b *browser), opts ...genesystest.Option) {
	t.Helper()
	opts = append(opts, genesystest.Users(genesystest.Entry{ID: "u-1", Name: "Ada"}, genesystest.Entry{ID: "u-2", Name: "Ben", State: "inactive"}))
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.AddCodeClients(genesystest.CodeClient{ID: appClient, RedirectURIs: []string{appPage}, Scopes: []string{"user-basic-info"}})
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		c.http.Jar = insecure{jar}
		c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.token = ""
		do(t, &browser{c, strings.Repeat("v", 43)})
	}, opts...)
}

// insecure sends secure cookies to loopback hosts, as browsers do.
type insecure struct{ http.CookieJar }

func (j insecure) SetCookies(u *url.URL, all []*http.Cookie) {
	for _, c := range all {
		c.Secure = false
	}
	j.CookieJar.SetCookies(u, all)
}

// query is what the page asks the login for, with changes.
func (b *browser) query(changes ...url.Values) string {
	digest := sha256.Sum256([]byte(b.verifier))
	q := url.Values{"client_id": {appClient}, "redirect_uri": {appPage}, "response_type": {"code"}, "state": {"a nonce"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])}, "code_challenge_method": {"S256"}}
	for _, c := range changes {
		maps.Copy(q, c)
	}
	return q.Encode()
}

func (b *browser) send(method, path string, form url.Values, header ...string) response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL()+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.http.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	return response{status: res.StatusCode, header: res.Header}
}

// back is the query with which the login leads back.
func (b *browser) back(res response) url.Values {
	b.t.Helper()
	require.Equal(b.t, http.StatusFound, res.status)
	to, err := url.Parse(res.header.Get("Location"))
	require.NoError(b.t, err)
	require.Equal(b.t, appPage, to.Scheme+"://"+to.Host+to.Path)
	return to.Query()
}

// redeem exchanges a code.
func (b *browser) redeem(code string, changes ...url.Values) (int, object) {
	b.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {b.verifier}, "client_id": {appClient}, "redirect_uri": {appPage}}
	for _, c := range changes {
		maps.Copy(form, c)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.server.URL()+"/oauth/token", strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", appOrigin)
	res, err := b.http.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	require.Equal(b.t, appOrigin, res.Header.Get("Access-Control-Allow-Origin"), "the page can read it")
	var body object
	require.NoError(b.t, json.NewDecoder(res.Body).Decode(&body))
	return res.StatusCode, body
}

// logIn is the whole login of a user on the page.
func (b *browser) logIn(user string) (token string) {
	b.t.Helper()
	query := b.back(b.send(http.MethodPost, "/oauth/authorize?"+b.query(), url.Values{"user": {user}}))
	status, body := b.redeem(query.Get("code"))
	require.Equal(b.t, http.StatusOK, status, "%v", body)
	return body["access_token"].(string)
}

func TestAUserLogsInOnThePageAndIsKnownInTheBrowserAfterwards(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		page := b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil)
		require.Equal(t, http.StatusOK, page.status)
		require.Equal(t, "DENY", page.header.Get("X-Frame-Options"))
		require.Contains(t, page.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")

		b.token = b.logIn("u-1")
		require.Equal(t, "u-1", b.get("/api/v2/users/me")["id"])
		is := b.get("/api/v2/tokens/me")
		require.Equal(t, appClient, is["OAuthClient"].(object)["id"])
		require.Equal(t, []any{"user-basic-info"}, is["authorizedScope"])

		again := b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil))
		require.NotEmpty(t, again.Get("code"), "no page: the browser has a session")
		require.Equal(t, "a nonce", again.Get("state"))
		require.Equal(t, http.StatusOK, b.send(http.MethodGet, "/oauth/authorize?"+b.query(url.Values{"prompt": {"login"}}), nil).status, "unless the page asks for one")
	})
}

func TestWhoIsSignedInEverywhereSeesNoLoginPage(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		b.server.SignIn("u-1")
		require.NotEmpty(t, b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil)).Get("code"))
		b.server.SignIn("")
		require.Equal(t, http.StatusOK, b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil).status)
	})
}

func TestTheLoginLeadsBackNowhereElse(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		b.server.SignIn("u-1")
		for _, wrong := range []url.Values{
			{"client_id": {"another"}}, {"client_id": nil},
			{"redirect_uri": {appPage + "?a=b"}}, {"redirect_uri": {appPage + "x"}}, {"redirect_uri": {"https://evil.example/"}}, {"redirect_uri": nil},
		} {
			res := b.send(http.MethodGet, "/oauth/authorize?"+b.query(wrong), nil)
			require.Equal(t, http.StatusBadRequest, res.status, "%v", wrong)
			require.Empty(t, res.header.Get("Location"))
		}
	})
}

func TestALoginWithoutPKCEIsRefusedWhereItCameFrom(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		b.server.SignIn("u-1")
		for problem, wrong := range map[string]url.Values{
			"unsupported_response_type": {"response_type": {"token"}},
			"invalid_request":           {"code_challenge_method": {"plain"}},
		} {
			query := b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(wrong), nil))
			require.Equal(t, problem, query.Get("error"))
			require.Equal(t, "a nonce", query.Get("state"))
			require.Empty(t, query.Get("code"))
		}
		require.Equal(t, "invalid_request", b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(url.Values{"code_challenge": nil}), nil)).Get("error"))
	})
}

func TestAUserWhoIsNotActiveCannotLogIn(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		for _, user := range []string{"u-2", "nobody"} {
			require.Equal(t, "access_denied", b.back(b.send(http.MethodPost, "/oauth/authorize?"+b.query(), url.Values{"user": {user}})).Get("error"))
		}
	})
}

func TestACodeIsExchangedOnceByWhoAskedForItAndSoon(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		b.server.SignIn("u-1")
		code := func() string { return b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil)).Get("code") }
		refused := func(what, code string, changes ...url.Values) {
			status, body := b.redeem(code, changes...)
			require.Equal(t, http.StatusBadRequest, status, what)
			require.Equal(t, "invalid_grant", body["error"], what)
			require.Empty(t, body["access_token"], what)
		}
		refused("a made-up code", "made-up")
		for name, wrong := range map[string]url.Values{
			"another verifier": {"code_verifier": {strings.Repeat("w", 43)}}, "a short verifier": {"code_verifier": {"v"}}, "no verifier": {"code_verifier": nil},
			"another client": {"client_id": {"another"}}, "another redirect": {"redirect_uri": {appPage + "x"}},
		} {
			c := code()
			refused(name, c, wrong)
			refused("a code that was tried", c)
		}
		late := code()
		time.Sleep(time.Minute)
		refused("late", late)
		once := code()
		status, _ := b.redeem(once)
		require.Equal(t, http.StatusOK, status)
		refused("twice", once)
	})
}

func TestTheLoginCanDemandAReferrer(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		b.server.SignIn("u-1")
		require.Equal(t, http.StatusForbidden, b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil).status)
		require.Equal(t, http.StatusForbidden, b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil, "Referer", "https://evil.example/").status)
		require.NotEmpty(t, b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil, "Referer", appOrigin+"/")).Get("code"))
	}, genesystest.LoginNeedsReferrer())
}
