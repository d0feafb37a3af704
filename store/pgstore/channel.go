package pgstore

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// longestOwner is how many characters of an owner a message has. Its limit is
// 8000 bytes.
const longestOwner = 1000

// wakeName is the owner as messages name it.
func wakeName(owner string) string {
	owner = rows.Storable(owner)
	n := 0
	for i := range owner {
		if n == longestOwner {
			return owner[:i]
		}
		n++
	}
	return owner
}

// The first letter says what a message is.
const (
	toOwner = "o" // something was deposited for the owner that follows
	toAll   = "a" // a broadcast, in base64
	proof   = "p" // a message of our own
)

// channel is where deposits in these tables are told.
func (c *Config) channel() string {
	sum := sha256.Sum256([]byte(c.name("inbox")))
	return "convtrack_" + hex.EncodeToString(sum[:12])
}
