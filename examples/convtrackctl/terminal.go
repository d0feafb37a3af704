package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
)

// terminal writes lines in which nothing controls a terminal: what was stored
// comes from others. It is safe for concurrent use.
type terminal struct {
	mu     sync.Mutex
	w      io.Writer
	failed error // the first one
}

// say writes one line.
func (t *terminal) say(format string, args ...any) {
	t.write(clean(strings.TrimRight(fmt.Sprintf(format, args...), " ")))
}

// paragraph writes a text of several lines.
func (t *terminal) paragraph(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		t.say("%s", strings.ReplaceAll(line, "\t", "  "))
	}
}

// inLine writes a text of several lines, as errors can be, in one.
func inLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// json writes a value as one line of JSON.
func (t *terminal) json(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	t.write(clean(string(line))) // within texts, where alone such characters are, it is JSON's own escape
	return nil
}

func (t *terminal) write(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := io.WriteString(t.w, line+"\n"); err != nil && t.failed == nil {
		t.failed = fmt.Errorf("the output cannot be written: %w", err)
	}
}

// broken returns why something could not be written.
func (t *terminal) broken() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// clean replaces what is not to be seen, such as control characters and those
// that turn the direction of writing, by escapes as in JSON.
func clean(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return strings.ToValidUTF8(text, "�")
	}
	var b strings.Builder
	for _, r := range text {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }

// at writes a time for people.
func at(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05.000Z")
}

// count writes a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
