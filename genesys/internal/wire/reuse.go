package wire

import "sync"

// A conversation is decoded for every notification, and nothing of it is kept
// but texts. Its lists are large, so their memory is used again.

var conversations = sync.Pool{New: func() any { return &Conversation{} }}

// BorrowConversation returns an empty conversation.
func BorrowConversation() *Conversation { return conversations.Get().(*Conversation) }

// mostKept is how many participants, or divisions, a conversation may have had
// whose memory is used again: a huge one must not stay in memory for ever.
const mostKept = 64

// GiveBack ends the use of a borrowed conversation, and of all its lists.
func (c *Conversation) GiveBack() {
	if cap(c.Participants) > mostKept || cap(c.Divisions) > mostKept {
		return
	}
	resetAll(c.Participants, (*Participant).reset)
	resetAll(c.Divisions, (*DivisionMembership).reset)
	*c = Conversation{Participants: c.Participants[:0], Divisions: c.Divisions[:0]}
	conversations.Put(c)
}

// Participants is a list that decodes into the memory it has.
type Participants []Participant

func (l *Participants) read(r *reader) error {
	return readList(r, (*[]Participant)(l), (*Participant).read, (*Participant).reset)
}

// Communications is a list that decodes into the memory it has.
type Communications []Communication

func (l *Communications) read(r *reader) error {
	return readList(r, (*[]Communication)(l), (*Communication).read, (*Communication).reset)
}

// reset empties p, and keeps the memory of its lists.
func (p *Participant) reset() {
	lists := [...]Communications{p.Calls, p.Callbacks, p.Chats, p.Cobrowsesessions, p.Emails, p.Messages, p.InternalMessages, p.Screenshares,
		p.SocialExpressions, p.Videos, p.ScreenMonitorings}
	*p = Participant{}
	for i, list := range [...]*Communications{&p.Calls, &p.Callbacks, &p.Chats, &p.Cobrowsesessions, &p.Emails, &p.Messages, &p.InternalMessages,
		&p.Screenshares, &p.SocialExpressions, &p.Videos, &p.ScreenMonitorings} {
		if cap(lists[i]) > 0 {
			resetAll(lists[i], (*Communication).reset)
			*list = lists[i][:0]
		}
	}
}

func (c *Communication) reset() { *c = Communication{} }

func resetAll[E any](list []E, reset func(*E)) {
	for i := range list {
		reset(&list[i])
	}
}

// readList reads a list, without the elements that say nothing. Those behind its
// end are empty.
func readList[E any](r *reader, list *[]E, read func(*E, *reader) error, reset func(*E)) error {
	resetAll(*list, reset) // of an attempt that failed
	if *list = (*list)[:0]; r.PeekKind() != '[' {
		return r.other(list)
	}
	return r.elements(func() error {
		var e *E
		*list, e = grown(*list)
		return read(e, r)
	})
}
