package store

import "context"

// MostBroadcast is how long a broadcast message may be, in bytes.
const MostBroadcast = 4 << 10

// Broadcaster is a Store that carries messages between the processes that share
// it. They are not kept, and each of them may get lost: they save work where they
// arrive, and nothing depends on that. A Store without it works as well.
type Broadcaster interface {
	Store
	// Broadcast sends a message to all who listen, in this process too.
	Broadcast(ctx context.Context, message []byte) error
	// Listen calls hear for each message, one at a time, until ctx ends or the
	// store is closed. hear must return soon. Messages arrive as long as somebody
	// in this process waits in Await.
	Listen(ctx context.Context, hear func(message []byte)) error
}
