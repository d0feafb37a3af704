package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Heard is a line of a recording: what was said at a time.
type Heard struct {
	At            time.Time
	Conversations []*conversation.Conversation
}

// Read reads a recording, in the order in which it was written. A last line that was
// cut off while it was written is left out.
func Read(r io.Reader) (all []Heard, err error) {
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, end := in.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			h, err := parse(text)
			switch {
			case err != nil && end == io.EOF && len(all) > 0:
				return all, nil // a whole line ends in "\n"
			case err != nil:
				return nil, fmt.Errorf("recording: line %d: %w", n, err)
			}
			all = append(all, h)
		}
		switch end {
		case nil:
		case io.EOF:
			return all, nil
		default:
			return nil, fmt.Errorf("recording: %w", end)
		}
	}
}

func parse(text []byte) (Heard, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return Heard{}, err
	}
	h := Heard{At: l.At}
	for _, data := range l.Conversations {
		c, err := conversation.Decode(data)
		if err != nil {
			return Heard{}, err
		}
		h.Conversations = append(h.Conversations, c)
	}
	return h, nil
}
