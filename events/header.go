package events

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Event is a Common Event, one of the pointer types of this package, or a
// [Custom] one of the host's own; there are no others. As the type of a hook it
// means every event but [ConversationChanged].
type Event interface {
	// Head returns what all events have in common.
	Head() *Header
	// copied returns a copy that shares the conversation.
	copied() Event
	// subject returns the participant and the session that the event is about;
	// empty for events of the conversation.
	subject() (participantID, sessionID string)
}

// Header is what all events have in common.
type Header struct {
	// ID is computed from what happened, not from when it was heard of. The
	// same fact has the same id in every process and after every restart,
	// whichever source said it first, when what there is to say about it comes
	// within the settling time. A fact that was announced before the better word
	// on it came keeps the id under which it was announced, one of its Aliases, and
	// is not announced again: what an agent does (and a visit to a queue) has its id
	// from the session of the leg, of several legs of one stretch from the first. So
	// the id is another one where an earlier leg is heard of later, or the session
	// that a media topic does not name. Use the id to make an After hook idempotent.
	//
	// What was announced stays announced. Where detail events or media topics of one
	// moment come further apart than the settling time, an answer or an alert can be
	// announced that turns out to have been another leg's, and with it how it ended
	// and its wrap-up. A media topic does not say which of several legs that a
	// participant has in one medium it shows: heard out of order, what it says can be
	// taken for that of a leg that is known by then, and be announced once more when
	// the right one is known.
	ID   string `json:"-"`
	Type Type   `json:"-"`
	// Time is when it happened, by the best knowledge at the time of the event.
	Time           time.Time `json:"-"`
	ConversationID string    `json:"-"`
	// Rule names the rule that derived the event.
	Rule Rule `json:"rule"`

	// Conversation is the conversation as of the change, in a Before hook; in
	// an After hook it is at least as new. It must not be changed.
	Conversation *conversation.Conversation `json:"-"`

	settling   Settling
	sureFrom   time.Time
	notBefore  time.Time
	aliases    []alias
	attributes map[string]string
}

// Head returns the header itself.
func (h *Header) Head() *Header { return h }

// Settling says how long a conclusion waits before it is announced, because
// facts that are still on their way could overturn it.
type Settling uint8

// The ways to settle.
const (
	// Settled: nothing can overturn it.
	Settled Settling = iota
	// SettlesSoon: an agent's act concluded from single facts. Facts of one
	// moment arrive within milliseconds of each other, in any order.
	SettlesSoon
	// SettlesLate: the end of a conversation concluded from single facts, a
	// transfer whose target has not shown yet, or a release that was planned for a
	// day that is past.
	SettlesLate
)

// Settling returns how long the conclusion must wait.
func (h *Header) Settling() Settling { return h.settling }

// SureFrom returns since when the conclusion is sure that a leg is over because a
// record has no next segment of it: until then the record may lack one. It is
// zero for everything else. A tracker does not announce it before, unless its
// input has ended.
func (h *Header) SureFrom() time.Time { return h.sureFrom }

// NotBefore returns the time before which the event must not be announced: the
// fact lies ahead, and is announced when its time has come if the state implies
// it then. It is zero for what has happened.
func (h *Header) NotBefore() time.Time { return h.notBefore }

// Aliases returns the ids under which the same fact would have been announced
// while less was known. An event is new when neither its id nor any alias has
// been announced.
func (h *Header) Aliases() []string {
	var ids []string
	for _, a := range h.aliases {
		ids = append(ids, a.id(h.ConversationID))
	}
	return ids
}

// alias is what the id of a fact was made of while less was known of it.
type alias struct {
	of                   Type
	participant, session string // one of them
	more                 string // of the key, behind the session
}

func (a alias) id(conversationID string) string {
	if a.participant != "" {
		return identify(conversationID, a.of, keyParticipant, a.participant)
	}
	if a.more != "" {
		return identify(conversationID, a.of, a.session, a.more)
	}
	return identify(conversationID, a.of, a.session)
}

// Events are of the conversation where their type does not say otherwise.
func (*Header) subject() (participantID, sessionID string) { return "", "" }

// SetAttribute stores an attribute with the conversation, for example the id
// of the case it belongs to. It works in a Before hook, whose change it is
// committed with; in an After hook it has no effect.
func (h *Header) SetAttribute(name, value string) {
	if h.attributes == nil {
		h.attributes = map[string]string{}
	}
	h.attributes[name] = value
}

// Attributes returns the attributes that Before hooks have set, and that the tracker
// has not taken yet. In a test of a hook that runs without one it is all of them; in a
// hook look at those of the conversation.
func (h *Header) Attributes() map[string]string { return h.attributes }

// TakeAttributes returns the attributes that were set since it was called last. It is
// for trackers, who know which hook has run meanwhile.
func (h *Header) TakeAttributes() map[string]string {
	attributes := h.attributes
	h.attributes = nil
	return attributes
}

// The words before ids of different kinds in the keys of one type.
const (
	keyParticipant = "participant"
	keyPerson      = "person"
)

// identify returns the id of an event: a hash of what happened, written as a
// UUID of version 8.
func identify(conversationID string, t Type, key ...string) string {
	var room [256]byte
	text := append(append(room[:0], "convtrack\x00"...), conversationID...)
	text = append(append(text, 0), t...)
	for _, k := range key {
		text = append(append(text, 0), k...)
	}
	sum := sha256.Sum256(text)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	var h [36]byte
	at := 0
	for _, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if at > 0 {
			h[at] = '-'
			at++
		}
		at += hex.Encode(h[at:], part)
	}
	return string(h[:])
}
