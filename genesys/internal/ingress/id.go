package ingress

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostID is how long an id may be; those of the platform have 36 characters.
const mostID = 128

// IsID reports whether s can be an id of the platform.
func IsID(s string) bool {
	if s == "." || s == ".." { // no part of a path
		return false
	}
	return s != "" && len(s) <= mostID && !strings.ContainsFunc(s, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`"'<>\/?#&{}$,`, r)
	})
}
