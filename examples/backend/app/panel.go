package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"sync"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/store"
)

// panelPath is the address of the page for the agents' desktop.
const panelPath = "/genesys/app/"

// panel shows the agents the case of their conversations.
type panel struct {
	app     *clientapp.App
	tracker *convtrack.Tracker
	cases   cases
	names   names
}

func newPanel(is environment, tracker *convtrack.Tracker, sources *sources, cases cases, log *slog.Logger) (*panel, error) {
	if is.panel == nil {
		return nil, nil //nolint:nilnil // it is off
	}
	var sdk fs.FS
	if is.panel.sdk != "" {
		sdk = os.DirFS(is.panel.sdk)
	}
	p := &panel{tracker: tracker, cases: cases, names: names{api: sources.api}}
	var err error
	p.app, err = clientapp.New(clientapp.Config{
		Region: is.api.Region, BaseURL: is.api.BaseURL, ClientID: is.panel.client, OrganizationID: is.panel.organization, SDK: sdk,
		Sink: tracker.Observe, Conversation: tracker.Get, API: sources.api, Case: p.caseOf, Logger: log,
	})
	if err != nil {
		return nil, &usageError{"GENESYS_CLIENTAPP_ID, GENESYS_CLIENTAPP_SDK", err}
	}
	return p, nil
}

// changed is told of each conversation whose case has another owner.
func (p *panel) changed(conversationID string) {
	if p != nil {
		p.app.CaseChanged(conversationID)
	}
}

func (p *panel) close() {
	if p != nil {
		p.app.Close()
	}
}

// caseOf is what an agent sees of the case.
func (p *panel) caseOf(ctx context.Context, conversationID string, _ clientapp.Agent) (clientapp.Case, error) {
	c, err := p.tracker.Get(ctx, conversationID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return clientapp.Case{}, nil // it has only been hinted at yet
	case err != nil:
		return clientapp.Case{}, err
	}
	id := c.Attributes[caseID]
	owner, err := p.cases.owner(ctx, id)
	if err != nil {
		return clientapp.Case{}, err
	}
	return clientapp.Case{ID: id, Status: string(c.Status), Owner: p.names.of(ctx, owner), OwnerID: owner}, nil
}

// names are those of Genesys's users. It is safe for concurrent use.
type names struct {
	api genesys.API

	mu   sync.Mutex
	byID map[string]string
}

// of returns the name of a user; his id while it cannot be read.
func (n *names) of(ctx context.Context, userID string) string {
	n.mu.Lock()
	name := n.byID[userID]
	n.mu.Unlock()
	if name != "" || userID == "" {
		return name
	}
	var user struct{ Name string }
	body, err := n.api.Call(ctx, genesys.Request{Path: "/api/v2/users/" + url.PathEscape(userID)})
	if err != nil || json.Unmarshal(body, &user) != nil || user.Name == "" {
		return userID
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byID == nil {
		n.byID = map[string]string{}
	}
	n.byID[userID] = user.Name
	return user.Name
}
