package conversation

import "strings"

// withheldNames are the names that stand for a caller who does not show: the
// first is that of SIP (RFC 3323), the others are what carriers write. Which of
// them Genesys passes on is not documented.
var withheldNames = map[string]bool{
	"anonymous": true, "restricted": true, "withheld": true, "private": true, "blocked": true, "unavailable": true,
}

// Address returns an address in the one spelling that [Customer.Address] has,
// whatever spelling of Genesys's it comes in; empty for one that is withheld, and
// for what is none.
func Address(stated string) string {
	address, _ := readAddress(stated)
	return address
}

// readAddress reads an address in any of the spellings that Genesys uses:
// tel:+31612345678, sip:+31612345678@host, a number or an e-mail address as it
// is. It returns the address in one spelling, or that it is withheld; neither
// for what says nothing.
func readAddress(stated string) (address string, withheld bool) {
	if number := strings.TrimPrefix(stated, "tel:"); isPlainNumber(number) { // mostly
		return number, false
	}
	rest := strings.TrimSpace(stated)
	scheme := ""
	if before, after, found := strings.Cut(rest, ":"); found {
		switch s := strings.ToLower(before); s {
		case "tel", "sip", "sips", "mailto":
			scheme, rest = s, after
		}
	}
	user, host, hasHost := strings.Cut(rest, "@")
	if scheme != "" {
		user, host = withoutParameters(user), withoutParameters(host)
	}
	name := strings.ToLower(user)
	isMail := hasHost && (scheme == "" || scheme == "mailto")
	number, isNumber := readNumber(user)
	if scheme == "" && !strings.HasPrefix(user, "+") {
		isNumber = false // the id that a platform for messages gives somebody may look alike
	}
	switch {
	case strings.HasSuffix(strings.ToLower(host), ".invalid"), withheldNames[name] && !isMail:
		return "", true
	case name == "" || name == "unknown" && !isMail:
		return "", false
	case isNumber && !isMail:
		return number, false
	case hasHost:
		return user + "@" + host, false
	}
	return user, false
}

// isPlainNumber reports whether s is a + and digits.
func isPlainNumber(s string) bool {
	if len(s) < 2 || s[0] != '+' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// withoutParameters cuts off what follows an address after ; or ?
func withoutParameters(s string) string {
	if i := strings.IndexAny(s, ";?"); i >= 0 {
		return s[:i]
	}
	return s
}

// readNumber takes the separators (RFC 3966) out of a telephone number. Nearly all
// that Genesys writes have none.
func readNumber(s string) (number string, is bool) {
	separated := false
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			is = true
		case r == '+' || r == '*' || r == '#':
		case strings.ContainsRune(Separators, r):
			separated = true
		default:
			return "", false
		}
	}
	if separated {
		s = withoutSeparators(s)
	}
	return s, is
}
