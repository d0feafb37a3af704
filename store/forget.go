package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Forgetter is the part of a [Store] that forgets, and finds what is to be
// forgotten.
type Forgetter interface {
	// Forget deletes, in one transaction, all that is stored of the
	// conversations: their state, their log, their deliveries, what hooks
	// refused, and their entries in inboxes. It leaves a tombstone for each,
	// stored or not, by the [Digest] of its id. From then on Load says that the
	// conversation is forgotten, and a new one of that id is a conflict, also for
	// a commit that is under way: either Forget deletes what it writes, or it is
	// refused. It returns how many of the conversations were stored.
	Forget(ctx context.Context, ids ...string) (stored int, err error)
	// Find returns a page of the ids of the conversations that a person took part
	// in, in the order of the ids. A page may have fewer ids than the limit, even
	// none, and is the last one all the same only when Next is empty.
	Find(ctx context.Context, q PersonQuery) (IDPage, error)
	// Expire deletes up to limit tombstones that were made before the time by the
	// store's clock, of forgotten and of vetoed conversations, and returns how
	// many it has deleted. Entries of a vetoed one in inboxes go with it. What is
	// heard of such a conversation later makes it a new one.
	Expire(ctx context.Context, before time.Time, limit int) (int, error)
}

// PersonQuery selects the conversations of a person.
type PersonQuery struct {
	conversation.Person
	Limit int    // as in Query
	After string // the Next of the page before
}

// IDPage is a part of a listing of ids.
type IDPage struct {
	IDs []string
	// Next goes on behind the last id of this page, whatever becomes of that: who
	// forgets a person does so page by page. It is empty on the last page.
	Next string
}

// Digest returns what a tombstone keeps of the id of a forgotten conversation:
// half of its SHA-256, in hexadecimal. It has no key and no salt. The id of a
// conversation at Genesys is 122 random bits, so there is no list to guess it
// from, and a key would have to lie beside the tombstones, as every process has
// to find them. So whoever has the id, which is from Genesys, can ask whether it
// was forgotten; nobody can learn anything from the tombstone alone.
func Digest(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:digestBytes])
}

const digestBytes = sha256.Size / 2
