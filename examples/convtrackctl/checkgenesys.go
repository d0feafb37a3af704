package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/rest"
	"github.com/dcmkit/convtrack/genesys/setup"
)

// nobody is the id of a conversation that is not there.
const nobody = "00000000-0000-4000-8000-000000000000"

// probes are calls that show whether the OAuth client has a permission. Nothing of
// the answers is shown.
func probes() map[string]probe {
	now := time.Now().UTC()
	interval := now.Add(-time.Minute).Format(time.RFC3339) + "/" + now.Format(time.RFC3339)
	query := fmt.Sprintf(`{"interval":%q,"paging":{"pageSize":1,"pageNumber":1}}`, interval)
	one := url.Values{"pageSize": {"1"}}
	return map[string]probe{
		"analytics:conversationDetail:view": {"conversations", genesys.Request{Path: "/api/v2/analytics/conversations/details/query", Body: []byte(query)}},
		"conversation:communication:view":   {"live conversations", genesys.Request{Path: "/api/v2/conversations/" + nobody}},
		"routing:queue:view":                {"queues", genesys.Request{Path: "/api/v2/routing/queues", Query: one}},
		"directory:user:view":               {"users", genesys.Request{Path: "/api/v2/users", Query: one}},
		"quality:evaluation:view":           {"evaluations", genesys.Request{Path: "/api/v2/quality/evaluations/query", Query: url.Values{"conversationId": {nobody}}}},
		"quality:survey:view":               {"surveys", genesys.Request{Path: "/api/v2/quality/conversations/" + nobody + "/surveys"}},
	}
}

// probe reads something.
type probe struct {
	what    string
	request genesys.Request
}

// permissions tries what the backend needs, as genesys/setup lists it: what it
// cannot do without, and what more it does.
func (d *diagnosis) permissions(ctx context.Context, client *rest.Client) {
	needed := map[string]bool{}
	for _, p := range setup.Permissions(setup.Config{Users: true}) { // whom examples/backend follows
		needed[p.Name] = needed[p.Name] || p.Who == setup.Backend
	}
	calls := probes()
	for _, p := range setup.Permissions(setup.Config{Users: true, Quality: true}) {
		if p.Who != setup.Backend {
			continue
		}
		level := levelWarning
		if needed[p.Name] {
			level = levelProblem
		}
		try, known := calls[p.Name]
		if !known {
			d.find(finding{"permission", levelUnknown, "no call is known here that shows whether it has " + p.Name + ", which it needs to " + p.For, "look at the roles of the OAuth client"})
			continue
		}
		_, err := client.Call(ctx, try.request)
		d.permitted("reading "+try.what, level, p, err)
	}
}

func (d *diagnosis) checkGenesys(ctx context.Context, c *rest.Config) {
	if c == nil {
		d.find(finding{"Genesys Cloud", levelUnknown, "it was not checked, as GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET are not set", ""})
		return
	}
	c.Logger = slog.New(slog.DiscardHandler)
	client, err := rest.New(*c)
	if d.failed("Genesys Cloud", err, "see the variables GENESYS_…") {
		return
	}
	defer client.Close()
	organization, err := client.Organization(ctx)
	if d.failed("token", err, "see that the region is the one that you log in at, and that id and secret are those of an OAuth client with the grant Client Credentials") {
		return
	}
	d.ok("token", "it is of the organisation "+organization.ID)
	d.permissions(ctx, client)
	d.checkTopics(ctx, client)
}

// permitted reports whether a call was allowed; not to find something is no
// refusal.
func (d *diagnosis) permitted(check, level string, p setup.Permission, err error) {
	switch {
	case err == nil || genesys.HasStatus(err, http.StatusNotFound):
		d.ok(check, "it is not refused")
	case genesys.HasStatus(err, http.StatusForbidden):
		permission := p.Name
		if missing := genesys.MissingPermissions(err); len(missing) > 0 {
			permission = strings.Join(missing, ", ")
		}
		d.find(finding{check, level, "it is refused; it is needed to " + p.For, "give a role of the OAuth client the permission " + permission + ", for the divisions that are followed"})
	default:
		d.find(finding{check, levelUnknown, err.Error(), "try again"})
	}
}

const (
	channelsPath = "/api/v2/notifications/channels"
	mostChannels = 15 // beside which another one is made; 20 are the limit (protocol 2.2)
)

const topicsRemedy = "see that a role of the OAuth client may use notifications, and that Genesys Cloud answers, then try again"

// checkTopics subscribes topics on a channel of its own.
func (d *diagnosis) checkTopics(ctx context.Context, client *rest.Client) {
	const check = "topics"
	if !d.topics {
		d.find(finding{check, levelUnknown, "it was not tried whether they may be heard, as that takes a channel for a day", "give -topics"})
		return
	}
	var listed struct {
		Entities []json.RawMessage `json:"entities"`
	}
	if d.failed(check, call(ctx, client, genesys.Request{Path: channelsPath, Query: url.Values{"includechannels": {"oauthclient"}}}, &listed), topicsRemedy) {
		return
	}
	if len(listed.Entities) > mostChannels {
		d.find(finding{check, levelUnknown, fmt.Sprintf("the OAuth client has %d channels already, so none was made: the 21st takes the place of another one", len(listed.Entities)), "try again when fewer programs run"})
		return
	}
	var topics []map[string]string
	for queue, err := range client.Queues(ctx) {
		if err == nil {
			topics = append(topics, map[string]string{"id": "v2.routing.queues." + queue.ID + ".conversations"})
		}
		break
	}
	for user, err := range client.Users(ctx) {
		if err == nil {
			topics = append(topics, map[string]string{"id": "v2.users." + user.ID + ".conversations"})
		}
		break
	}
	if topics == nil {
		d.find(finding{check, levelUnknown, "no queue and no user is seen, so no topic is known to try", "see reading queues and reading users"})
		return
	}
	d.subscribe(ctx, client, topics)
}

func (d *diagnosis) subscribe(ctx context.Context, client *rest.Client, topics []map[string]string) {
	const check = "topics"
	var channel struct {
		ID string `json:"id"`
	}
	if d.failed(check, call(ctx, client, genesys.Request{Method: http.MethodPost, Path: channelsPath}, &channel), topicsRemedy) {
		return
	}
	body, err := json.Marshal(topics)
	if d.failed(check, err, "") {
		return
	}
	path := channelsPath + "/" + url.PathEscape(channel.ID) + "/subscriptions"
	var answer struct {
		Entities []struct {
			State              string   `json:"state"`
			MissingPermissions []string `json:"missingPermissions"`
		} `json:"entities"`
	}
	err = call(ctx, client, genesys.Request{Method: http.MethodPut, Path: path, Query: url.Values{"ignoreErrors": {"true"}}, Body: body}, &answer)
	if d.failed(check, err, topicsRemedy) {
		return
	}
	refused, missing := 0, "conversation:communication:view"
	for _, e := range answer.Entities {
		if e.State == "Rejected" {
			refused++
			if len(e.MissingPermissions) > 0 {
				missing = strings.Join(e.MissingPermissions, ", ")
			}
		}
	}
	if refused > 0 {
		d.find(finding{check, levelProblem, fmt.Sprintf("%d of %d that were tried are refused", refused, len(topics)), "give a role of the OAuth client the permission " + missing + ", for the divisions that are followed"})
	} else {
		d.ok(check, fmt.Sprintf("all %d that were tried may be heard", len(topics)))
	}
	_, _ = client.Call(ctx, genesys.Request{Method: http.MethodDelete, Path: path}) // the channel expires in any case
}

// call reads an answer.
func call(ctx context.Context, client *rest.Client, r genesys.Request, into any) error {
	body, err := client.Call(ctx, r)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, into) != nil {
		return genesys.ErrNotUnderstood // the decoder's error can quote the answer
	}
	return nil
}
