package duplicate

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// announced is a message that its conversation's owner has stored.
type announced struct {
	conversation uint64 // a hash of its id
	conversation.Fingerprint
	at time.Time // when it was announced here
}

// An announcement on its way is a form, the hash of its sender's name, and what
// was stored, all of the same length.
const (
	form         = 1
	headBytes    = 1 + 8
	oneBytes     = 8 + 16 + 8
	mostAnnounce = 120 // in one announcement: less than 4 KiB
)

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

func announcement(sender uint64, list []announced) []byte {
	b := append(make([]byte, 0, headBytes+len(list)*oneBytes), form)
	b = binary.LittleEndian.AppendUint64(b, sender)
	for i := range list {
		b = binary.LittleEndian.AppendUint64(b, list[i].conversation)
		b = append(b, list[i].Sum[:]...)
		seen := int64(0)
		if !list[i].Seen.IsZero() {
			seen = list[i].Seen.UnixMicro()
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(seen))
	}
	return b
}

// readAnnouncement returns nothing of what it does not understand: it may be of
// another version of the module.
func readAnnouncement(b []byte) (sender uint64, list []announced) {
	if len(b) < headBytes || b[0] != form || (len(b)-headBytes)%oneBytes > 0 {
		return 0, nil
	}
	sender, b = binary.LittleEndian.Uint64(b[1:]), b[headBytes:]
	for ; len(b) > 0; b = b[oneBytes:] {
		a := announced{conversation: binary.LittleEndian.Uint64(b)}
		copy(a.Sum[:], b[8:])
		if seen := int64(binary.LittleEndian.Uint64(b[24:])); seen > 0 {
			a.Seen = time.UnixMicro(seen).UTC()
		}
		list = append(list, a)
	}
	return sender, list
}
