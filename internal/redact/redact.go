// Package redact keeps out of logs what may be a person's.
package redact

import "regexp"

// ID returns the id of a conversation as a log may have it. What a flow or a page gives
// for an id may be the number or the address of a caller, which is not told.
func ID(id string) string {
	if platforms.MatchString(id) || !personal.MatchString(id) {
		return id
	}
	return "(no id of the platform)"
}

var (
	platforms = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	// personal is what telephone numbers, addresses and names have, and ids that are
	// made up need not have.
	personal = regexp.MustCompile(`[^A-Za-z0-9_-]|[0-9]{6}`)
)
