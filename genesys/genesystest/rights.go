package genesystest

import (
	"fmt"
	"net/http"
	"slices"
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

// allow reports whether the token may do what the permission is for.
func (r *rights) allow(t *token, permission string) bool {
	return t.UserID == "" || slices.Contains(r.of(t.UserID), permission)
}

// notPermitted refuses what a permission is missing for (protocol 8.4).
func notPermitted(permission string) answer {
	return refuse(http.StatusForbidden, "missing.any.permissions",
		fmt.Sprintf("Unable to perform the requested action. You must have at least one of the following permissions assigned: [%s]", permission))
}
