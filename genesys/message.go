package genesys

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Kind is what a message is.
type Kind uint8

// The kinds of messages.
const (
	// KindOther is a known message that says nothing about a conversation: a
	// presence change, a queue statistic, the status of a query job.
	KindOther Kind = iota
	// KindConversation is any message that states facts about conversations.
	KindConversation
	// KindHeartbeat is the channel's sign of life, or its answer to a ping.
	KindHeartbeat
	// KindSystem is a message about the channel itself; see Message.System.
	KindSystem
)

// Message is a decoded message.
type Message struct {
	Kind Kind
	// Topic is the topic of a notification, also inside an EventBridge
	// envelope; empty for REST bodies.
	Topic string
	// EnvelopeID is the id of the EventBridge envelope; empty for others.
	EnvelopeID string
	// Conversations are the partial conversations that the message states,
	// ready for conversation.Merge.
	Conversations []*conversation.Conversation
	// System is set for KindSystem, and for KindConversation where such a message is
	// gathered with others.
	System *System
}

// System is what a channel says about itself (protocol 2.5).
type System struct {
	Type      SystemType
	ChannelID string
	Reason    string // another_channel_subscribed, user_tokens_revoked …
	Message   string
}

// SystemType is the kind of a system message.
type SystemType string

// The system messages.
const (
	SystemSocketClosing       SystemType = "socket_closing" // about a minute before the server closes the socket
	SystemNoLongerSubscribed  SystemType = "no_longer_subscribed"
	SystemSubscriptionChanged SystemType = "subscription_changed"
	SystemTokenRevoked        SystemType = "token_revoked"
	SystemOther               SystemType = "other"
)

// reader is what the decoders need to know beside the bytes.
type reader struct {
	// read is when the message was read; zero when that is not known, as in a
	// replay. It settles what can go back and forth and carries no time.
	read time.Time
	// delivered says that a message may have been made long before it was read.
	delivered bool
	// nth is the place of the message in its file.
	nth int
	// values is nil for a message that holds a single one.
	values *together
}

// together is what the values of one message share.
type together struct {
	said    map[string]int // how often something was stated of a conversation
	refused int            // how many say nothing that is understood
}

// stepOfNth is by how many microseconds a message counts as newer than the one
// before it in the file: it may state so many snapshots of a conversation.
const stepOfNth = 16

// seen returns the time that settles what can go back and forth: when the
// message was read, else the latest time that it mentions. What comes later in a
// file, or in the message, is the newer. That makes differences below the
// millisecond, in which Genesys gives its times.
func (r reader) seen(id string, evident time.Time) time.Time {
	later := 0
	if r.values != nil {
		later = r.values.said[id]
		r.values.said[id]++
	}
	if !r.read.IsZero() {
		evident = r.read
	} else {
		later += r.nth * stepOfNth
	}
	switch {
	case later == 0:
		return evident
	case evident.IsZero():
		evident = time.UnixMicro(0)
	}
	return evident.Add(time.Duration(later) * time.Microsecond)
}

// span is the earliest and latest of the times that a message mentions.
type span struct{ first, last time.Time }

func (s *span) add(t time.Time) {
	if t.IsZero() {
		return
	}
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}
