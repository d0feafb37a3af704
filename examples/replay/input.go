package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// input is the source of a replay: the messages of the files. It implements
// convtrack.Source.
type input struct {
	*options
	stdin   io.Reader
	stderr  io.Writer
	refused int
	settle  func(context.Context) error
}

// String names the source in errors.
func (in *input) String() string { return "input" }

// Run says everything that is in the files, in the order that was asked for,
// and settles: nothing will follow.
func (in *input) Run(ctx context.Context, sink conversation.Sink) error {
	say := func(said []*conversation.Conversation) error {
		return sink(ctx, conversation.Update{Conversations: said})
	}
	if in.shuffle == nil && in.repeat == 1 {
		if err := in.read(ctx, say); err != nil {
			return err
		}
		return in.settle(ctx)
	}
	var messages [][]*conversation.Conversation
	err := in.read(ctx, func(said []*conversation.Conversation) error {
		for range in.repeat {
			messages = append(messages, said)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if in.shuffle != nil {
		rnd := rand.New(rand.NewPCG(uint64(*in.shuffle), 0)) //nolint:gosec // a seed, any will do
		rnd.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	}
	for _, said := range messages {
		if err := say(said); err != nil {
			return err
		}
	}
	return in.settle(ctx)
}

// read decodes the files one after the other.
func (in *input) read(ctx context.Context, say func([]*conversation.Conversation) error) error {
	if len(in.files) == 0 {
		return in.readFrom(ctx, "stdin", in.stdin, say)
	}
	for _, name := range in.files {
		f, err := os.Open(name)
		if err != nil {
			in.refuse(fmt.Sprintf("%s: %v", name, errors.Unwrap(err)))
			continue
		}
		err = in.readFrom(ctx, name, f, say)
		_ = f.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// mostBytes is the size of the largest value that is read.
const mostBytes = 1 << 30

func (in *input) readFrom(ctx context.Context, name string, r io.Reader, say func([]*conversation.Conversation) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), mostBytes)
	scanner.Split((&splitter{}).split)
	n := 0
	for scanner.Scan() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		message, err := genesys.Decode(scanner.Bytes(), time.Time{})
		for _, err := range each(err) {
			in.refuse(fmt.Sprintf("%s:value %d: %v", name, n, err))
		}
		if len(message.Conversations) > 0 {
			if err := say(message.Conversations); err != nil {
				return err
			}
		}
	}
	if err := scanner.Err(); err != nil {
		in.refuse(fmt.Sprintf("%s: after value %d: %v", name, n, err))
	}
	return nil
}

func (in *input) refuse(reason string) {
	in.refused++
	fmt.Fprintln(in.stderr, reason)
}

// each returns the errors that are joined in err.
func each(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}

// splitter cuts concatenated JSON values apart, as a bufio.SplitFunc that goes
// on where it stopped when more arrives. A value that never ends costs its
// first line, and reading goes on with the next.
type splitter struct {
	scanned int // bytes of the value that have been looked at
	depth   int
	inText  bool
	escaped bool
}

func (s *splitter) split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	start := 0
	for s.scanned == 0 && start < len(data) && isBetween(data[start]) {
		start++
	}
	value := data[start:]
	if len(value) == 0 {
		return start, nil, nil
	}
	end, ok := s.end(value, atEOF)
	if !ok && !atEOF {
		return start, nil, nil // it needs more to decide
	}
	if !ok {
		end = len(value)
		if i := bytes.IndexByte(value, '\n'); i >= 0 {
			end = i
		}
	}
	*s = splitter{}
	return start + end, value[:end], nil
}

// isBetween reports whether c may stand between values: white space, commas,
// record separators, the bytes of a byte order mark.
func isBetween(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', 0x1e, 0xef, 0xbb, 0xbf:
		return true
	}
	return false
}

// end returns where the value ends; false when that is not in sight.
func (s *splitter) end(value []byte, atEOF bool) (int, bool) {
	if c := value[0]; c != '{' && c != '[' && c != '"' {
		i := bytes.IndexFunc(value[1:], func(r rune) bool { return r <= ' ' || strings.ContainsRune(`,{["`, r) })
		if i < 0 {
			return len(value), atEOF
		}
		return i + 1, true
	}
	for ; s.scanned < len(value); s.scanned++ {
		switch c := value[s.scanned]; {
		case s.escaped:
			s.escaped = false
		case s.inText && c == '\\':
			s.escaped = true
		case s.inText && c == '\n':
			return s.scanned, true // no text goes over a line: it is broken
		case c == '"':
			s.inText = !s.inText
		case s.inText:
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			s.depth--
		}
		if s.depth == 0 && !s.inText {
			return s.scanned + 1, true
		}
	}
	return 0, false
}
