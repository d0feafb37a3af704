package genesystest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// at asks for something of the desktop's page.
func (b *browser) at(method, path string) object {
	b.t.Helper()
	r, err := b.try(b.t.Context(), method, "/desktop/"+path, nil)
	require.NoError(b.t, err)
	require.Less(b.t, r.status, 300, "%s %s: %s", method, path, r.body)
	if len(r.body) == 0 {
		return nil
	}
	return r.object(b.t)
}

func (b *browser) interactions(user string) []any {
	b.t.Helper()
	r, err := b.try(b.t.Context(), http.MethodGet, "/desktop/interactions?user="+user, nil)
	require.NoError(b.t, err)
	var all []any
	require.NoError(b.t, json.Unmarshal(r.body, &all))
	return all
}

func TestTheDesktopShowsTheAppsAndKnowsTheAgent(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		b.server.InstallApps(genesystest.ClientApp{Name: "DCM", URL: appPage + "?gcConversationId={{gcConversationId}}"})
		to, err := url.Parse(b.server.DesktopURL("u-1", "c-1"))
		require.NoError(t, err)
		require.Equal(t, "/desktop/?conversation=c-1&user=u-1", to.RequestURI())
		for _, file := range []string{"", "desktop.js", "frames.js", "desktop.css"} {
			res, err := b.try(t.Context(), http.MethodGet, "/desktop/"+file, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, res.status, file)
		}
		settings := b.at(http.MethodGet, "settings")
		require.Len(t, settings["apps"], 1)
		require.Equal(t, "allow-scripts,allow-same-origin,allow-forms,allow-popups", settings["apps"].([]any)[0].(object)["sandbox"])
		require.Empty(t, settings["user"])
		b.at(http.MethodPost, "session?user=u-1")
		require.Equal(t, "u-1", b.at(http.MethodGet, "settings")["user"])
		require.NotEmpty(t, b.back(b.send(http.MethodGet, "/oauth/authorize?"+b.query(), nil)).Get("code"), "and the login knows him, too")
	})
}

func TestAnInteractionIsStartedTransferredAndEnded(t *testing.T) {
	for _, media := range []string{"voice", "callback", "chat", "email", "message"} {
		browsing(t, func(t *testing.T, b *browser) {
			b.server.AddUsers(genesystest.Entry{ID: "u-3", Name: "Cem"})
			b.token = b.server.LogIn(genesystest.Login{ClientID: appClient, UserID: "u-1"})
			id := b.at(http.MethodPost, "interactions?user=u-1&media="+media)["id"].(string)
			require.Empty(t, b.interactions("u-1"))
			state := func(user, want string) {
				t.Helper()
				all := b.interactions(user)
				require.Len(t, all, 1)
				require.Equal(t, object{"id": id, "media": media, "state": want}, all[0])
			}
			time.Sleep(2 * time.Second)
			state("u-1", "alerting")
			time.Sleep(2 * time.Second)
			state("u-1", "connected")
			b.at(http.MethodPost, "interactions/"+id+"/transfer?user=u-1")
			time.Sleep(5 * time.Second)
			require.Empty(t, b.interactions("u-1"))
			state("u-3", "connected")
			b.at(http.MethodPost, "interactions/"+id+"/disconnect?user=u-3")
			time.Sleep(5 * time.Second)
			require.Empty(t, b.interactions("u-3"))
			require.NotEmpty(t, b.get("/api/v2/conversations/" + id)["endTime"])
		})
	}
}

func TestOnlyWhoTakesPartActsOnAnInteraction(t *testing.T) {
	browsing(t, func(t *testing.T, b *browser) {
		id := b.at(http.MethodPost, "interactions?user=u-1")["id"].(string)
		time.Sleep(2 * time.Second)
		for _, path := range []string{"interactions/" + id + "/disconnect?user=u-3", "interactions/x/disconnect?user=u-1", "interactions?user=u-2", "session?user=u-2"} {
			require.Equal(t, http.StatusNotFound, b.send(http.MethodPost, "/desktop/"+path, nil).status, path)
		}
		require.Equal(t, http.StatusBadRequest, b.send(http.MethodPost, "/desktop/interactions/"+id+"/transfer?user=u-1", nil).status, "there is nobody else")
		b.at(http.MethodPost, "interactions/"+id+"/disconnect?user=u-1") // while it alerts
		time.Sleep(time.Second)
		require.Empty(t, b.interactions("u-1"))
	})
}
