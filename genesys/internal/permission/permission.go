// Package permission finds the names of Genesys permissions in what the platform
// says when one is missing.
package permission

import (
	"regexp"
	"slices"
)

// form is that of a permission: domain:entity:action, as in
// "analytics:conversationDetail:view".
var form = regexp.MustCompile(`\b[a-z][A-Za-z0-9]*:[A-Za-z][A-Za-z0-9]*:(?:[A-Za-z][A-Za-z0-9]*\b|\*)`)

// Names returns the names of permissions in a text, each once, in their order.
// Nothing else of the text is returned: it can quote personal data.
func Names(text string) []string {
	var names []string
	for _, name := range form.FindAllString(text, -1) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
