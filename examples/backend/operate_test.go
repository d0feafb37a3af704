package main_test

import (
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to break what a hook needs

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// operator is the header of who has the password.
func operator(name, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return r.Header.Get("Authorization")
}

func TestTheOperatorSeesALiveConversationAndDecides(t *testing.T) {
	t.Parallel()
	genesys, env := simulator(t)
	p := start(t, "memory", append(env, "CONVTRACK_OPERATOR_PASSWORD=the-operators")...)
	p.until(ready(p))
	story := genesystest.BlindTransferToQueue()
	genesys.Play(story, genesystest.Speed(20))
	may := operator("operator", "the-operators")
	p.until(func() bool {
		status, page := p.do(http.MethodGet, "/operate/", "", "Authorization", may)
		return status == http.StatusOK && strings.Contains(page, story.ID)
	})
	p.until(func() bool {
		_, page := p.do(http.MethodGet, "/operate/conversation?id="+story.ID, "", "Authorization", may)
		return strings.Contains(page, "agent.transferred")
	})
	status, health := p.do(http.MethodGet, "/operate/health.json", "", "Authorization", may)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, health, `"sources"`)

	_, page := p.do(http.MethodGet, "/operate/conversation.json?id="+story.ID, "", "Authorization", may)
	require.NotContains(t, page, "•••", "the operator may see personal data")
	for name, wrong := range map[string]string{
		"nobody": "", "another password": operator("operator", "x"), "another name": operator("admin", "the-operators"), "no Basic": "Bearer the-operators",
	} {
		status, _ := p.do(http.MethodGet, "/operate/", "", "Authorization", wrong)
		require.Equal(t, http.StatusUnauthorized, status, name)
		status, _ = p.do(http.MethodPost, "/operate/failed", "", "Authorization", wrong)
		require.Equal(t, http.StatusUnauthorized, status, name)
	}
	require.NotContains(t, p.said.String(), "the-operators")
	require.Zero(t, p.stop(), "a page that is open does not hold it up")
}

func TestABrokenHookIsFoundAndRepairedAtOperate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "backend.db")
	genesys, env := simulator(t)
	p := start(t, "sqlite:"+path, append(env, "CONVTRACK_OPERATOR_PASSWORD=the-operators")...)
	p.until(ready(p))
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	statement := func(text string) {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
	may := operator("operator", "the-operators")
	page := func() string {
		status, page := p.do(http.MethodGet, "/operate/failed?hook=case-owner", "", "Authorization", may)
		require.Equal(t, http.StatusOK, status)
		return page
	}

	statement("create trigger closed before update on dcm_case begin select raise(abort, 'closed'); end")
	story := genesystest.BlindTransferToQueue()
	genesys.Play(story, genesystest.Speed(20))
	p.until(func() bool { return strings.Contains(page(), story.ID) })
	require.Contains(t, page(), "closed", "the hook's error")

	statement("drop trigger closed")
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page())
	require.NotNil(t, token)
	status, answer := p.do(http.MethodPost, "/operate/failed", url.Values{"do": {"retry"}, "all": {"1"}, "hook": {"case-owner"}, "token": {token[1]}}.Encode(),
		"Authorization", may, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusOK, status, answer)
	p.until(func() bool {
		var owner string
		err := db.QueryRowContext(t.Context(), "select owner from dcm_case where conversation_id = ?", story.ID).Scan(&owner)
		return err == nil && owner == "user-b"
	})
	p.until(func() bool { return !strings.Contains(page(), story.ID) })
}

func TestWithoutAPasswordWhoIsAtTheMachineLooksAndSeesNoPersonalData(t *testing.T) {
	t.Parallel()
	p := start(t, "memory", "CONVTRACK_TOKENS="+token)
	p.until(ready(p))
	story := genesystest.BlindTransferToQueue()
	for _, l := range story.Legs {
		l.Name, l.Address = "CANARY-NAME", "tel:+31699999999"
	}
	p.post(story.Envelopes())
	p.until(func() bool { return has(p.events(story.ID), "conversation.ended") })
	for _, path := range []string{"/operate/", "/operate/conversation?id=" + story.ID, "/operate/conversation.json?id=" + story.ID, "/operate/failed", "/operate/health"} {
		status, page := p.get(path)
		require.Equal(t, http.StatusOK, status, path)
		require.NotRegexp(t, regexp.MustCompile("CANARY|31699999999"), page, path)
		require.NotContains(t, page, "<button name", path)
		status, _ = p.do(http.MethodGet, path, "", "X-Forwarded-For", "203.0.113.7")
		require.Equal(t, http.StatusForbidden, status, "it came through a proxy")
	}
	status, _ := p.do(http.MethodPost, "/operate/failed", url.Values{"do": {"retry"}, "id": {"x"}}.Encode())
	require.Equal(t, http.StatusForbidden, status)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/operate/", nil)
	require.NoError(t, err)
	r.Host = "rebound.example"
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusForbidden, answer.StatusCode, "another name leads here")
}
