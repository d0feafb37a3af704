package pgstore

import "strings"

// endsTransaction reports whether one of the statements of a text ends the
// transaction: commit, end, abort, rollback (not to a savepoint) or prepare
// transaction. It reads as PostgreSQL does, with standard_conforming_strings.
func endsTransaction(sql string) bool {
	var first, second, third string // words of the statement
	creates, body := false, false   // body: of a function, from "begin atomic" to "end"
	for rest := sql; rest != ""; {
		token, length := nextToken(rest)
		rest = rest[length:]
		switch {
		case token == "":
			continue
		case token == ";":
			if !body && ends(first, second, third) {
				return true
			}
			first, second, third, creates = "", "", "", creates && body
			continue
		case creates && token == "atomic":
			body = true
		case body && first == "" && token == "end":
			first, body = "create", false
			continue
		}
		switch {
		case first == "":
			first, creates = token, creates || token == "create"
		case second == "":
			second = token
		case third == "":
			third = token
		}
	}
	return !body && ends(first, second, third)
}

// ends looks at the first words of a statement.
func ends(first, second, third string) bool {
	switch first {
	case "commit", "end", "abort":
		return true
	case "prepare":
		return second == "transaction"
	case "rollback":
		return second != "to" && (second != "work" && second != "transaction" || third != "to")
	}
	return false
}

// nextToken returns the word, in lower case, or the sign that a text begins
// with, and how many bytes it takes. It is empty for space and comments; what
// is quoted is a sign.
func nextToken(s string) (token string, length int) {
	switch c := s[0]; {
	case strings.HasPrefix(s, "--"):
		return "", upTo(s, 2, "\n")
	case strings.HasPrefix(s, "/*"):
		return "", comment(s)
	case c == '\'' || c == '"':
		return string(c), upTo(s, 1, string(c))
	case (c == 'e' || c == 'E') && len(s) > 1 && s[1] == '\'':
		return "'", escaped(s)
	case c == '$':
		if n := strings.IndexByte(s[1:], '$'); n >= 0 && isTag(s[1:n+1]) {
			return "$", upTo(s, n+2, s[:n+2])
		}
	case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
		return "", 1
	case isWord(c):
		n := 1
		for n < len(s) && (isWord(s[n]) || s[n] == '$') {
			n++
		}
		return strings.ToLower(s[:n]), n
	}
	return s[:1], 1
}

// upTo is the length up to the end of the next mark.
func upTo(s string, from int, mark string) int {
	if n := strings.Index(s[from:], mark); n >= 0 {
		return from + n + len(mark)
	}
	return len(s)
}

// comment is the length of a comment, which may hold others.
func comment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			i++
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// escaped is the length of a string in which a backslash escapes.
func escaped(s string) int {
	for i := 2; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return len(s)
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isTag reports whether it may stand between the dollars of a quote.
func isTag(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) || i == 0 && '0' <= s[i] && s[i] <= '9' {
			return false
		}
	}
	return true
}
