package genesystest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// ViewConversations is the permission to read conversations, and to listen to
// those of others.
const ViewConversations = "conversation:communication:view"

// rights are the permissions of the users.
type rights struct {
	mu     sync.Mutex
	byUser map[string][]string // who is not in it has the usual ones
}

// SetPermissions replaces what a user may do. Without it a user has
// [ViewConversations]. OAuth clients with client credentials may do everything.
func (s *Server) SetPermissions(userID string, permissions ...string) {
	s.rights.mu.Lock()
	defer s.rights.mu.Unlock()
	s.rights.byUser[userID] = slices.Clone(permissions)
}

// of returns the permissions of a user.
func (r *rights) of(userID string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	permissions, set := r.byUser[userID]
	if !set {
		return []string{ViewConversations}
	}
	return append([]string{}, permissions...)
}

// may reports whether the token may do what the permission is for.
func (r *rights) may(t *token, permission string) bool {
	return t.UserID == "" || slices.Contains(r.of(t.UserID), permission)
}

// mayHear reports whether the token may subscribe the individual topic: what
// concerns a user is open to himself.
func (r *rights) mayHear(t *token, topic string) bool {
	return strings.HasPrefix(topic, "v2.users."+t.UserID+".") || r.may(t, ViewConversations)
}

// needed are the permissions that a user needs, by how the path begins. Where
// nothing stands, none is needed.
var needed = []struct{ prefix, permission string }{
	{"/api/v2/analytics/", "analytics:conversationDetail:view"},
	{"/api/v2/quality/surveys", "quality:survey:view"},
	{"/api/v2/quality/", "quality:evaluation:view"},
	{"/api/v2/flows/executions/", "architect:flowExecution:view"},
	{"/api/v2/flows/", "architect:flow:view"},
	{"/api/v2/flows", "architect:flow:launch"},
	{"/api/v2/routing/queues", "routing:queue:view"},
	{"/api/v2/conversations/", ViewConversations},
}

// refuse says that the user may not do that; nil: he may. A user of another
// organisation finds nothing here but himself.
func (r *rights) refuse(c *call, organization string) *answer {
	if c.token.OrganizationID != organization && !strings.HasSuffix(c.URL.Path, "/me") {
		a := notFound("resource")
		return &a
	}
	for _, n := range needed {
		if strings.HasPrefix(c.URL.Path, n.prefix) && !strings.HasSuffix(c.URL.Path, "/me") {
			if r.may(c.token, n.permission) {
				return nil
			}
			a := notPermitted(n.permission)
			return &a
		}
	}
	return nil
}

// notPermitted refuses what a permission is missing for. The code stands in the
// documentation of the official SDKs; the sentence is ours.
func notPermitted(permission string) answer {
	return refuse(http.StatusForbidden, "missing.any.permissions", fmt.Sprintf("The user needs one of the permissions [%s].", permission))
}
