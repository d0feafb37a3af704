package conversation

import (
	"cmp"
	"strings"
	"time"
)

// The orders of values that mean something. Of values that are equal in them,
// which are those that are not known here, the order of the text decides.

// byOrder is a text whose values have an order.
func byOrder[E any, S ~string](name string, r rule, at func(*E) *S, order func(S) int) Field[E] {
	return scalar(name, r, at, func(a, b S) int {
		if a == b {
			return 0
		}
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a, b))
	}, packedText[S]())
}

// ordered is a text that only moves forward.
func ordered[E any, S ~string](name string, at func(*E) *S, order func(S) int) Field[E] {
	return byOrder(name, forward, at, order)
}

// backward is a time of which the earliest is believed, whoever says so.
func backward[E any](name string, at func(*E) *time.Time) Field[E] {
	f := instant(name, forward, at)
	f.compare = func(a, b *E) int { return at(b).Compare(*at(a)) }
	return f
}

// disconnect is how something ended. It never becomes less specific.
func disconnect[E any](name string, at func(*E) *DisconnectType) Field[E] {
	f := byOrder(name, graded, at, func(d DisconnectType) int { return d.cause().order })
	f.grade = func(e *E) int { return at(e).cause().grade }
	return f
}

// stateOrder is the order in which a leg goes through its states.
func stateOrder(s SessionState) int {
	switch s {
	case "", StateNone:
		return 0
	case StateScheduled:
		return 1
	case StateOffering:
		return 2
	case StateContacting:
		return 3
	case StateDialing:
		return 4
	case StateAlerting:
		return 5
	case StateConverting:
		return 6
	case StateUploading:
		return 7
	case StateTransmitting:
		return 8
	case StateConnected, StateParked:
		return 10
	case StateDisconnected:
		return 11
	case StateTerminated:
		return 12
	}
	return 9
}

// acwOrder is the order in which the states of after-call work follow.
func acwOrder(s ACWState) int {
	switch s {
	case "":
		return 0
	case ACWUnknown:
		return 1
	case ACWNotApplicable:
		return 3
	case ACWPending:
		return 4
	case ACWSkipped:
		return 5
	case ACWComplete:
		return 6
	}
	return 2
}

// transferOrder is how far a transfer command has come; that it came about is
// the surest of what it can come to.
func transferOrder(state string) int {
	switch state {
	case "", "unknown":
		return 0
	case "pending":
		return 1
	case "active":
		return 2
	case "canceled", "failed", "timeout":
		return 4
	case "complete":
		return 5
	}
	return 3
}

// purposeOrder is how much a purpose says: a detail event without a queue only
// suggests that a user's leg is not ACD work, and a flow of a type that is not
// known here is taken for a workflow.
func purposeOrder(p Purpose) int {
	switch p {
	case "":
		return 0
	case PurposeUser, PurposeWorkflow, PurposeExternal:
		return 2
	}
	if p.Side() == OtherSide {
		return 1
	}
	return 3
}

// cause is how specific a disconnect type is: a higher grade is never replaced
// by a lower one, whoever says so, as a leg that winds down is said to end
// ever less precisely (C1, C4). The order decides between two of one grade
// that one source states without a time.
type cause struct{ grade, order int }

// The grades.
const (
	causeUnknown = iota
	causeOther   // says nothing
	causePeer    // somebody else ended it; who, is said there
	causeSystem  // Genesys Cloud ended it, for whatever reason
	causeNamed   // says who ended it, or why
	causeVariant // says more than that it was a transfer, or the phone
)

func (d DisconnectType) cause() cause {
	switch d {
	case "":
		return cause{causeUnknown, 0}
	case DisconnectOther:
		return cause{causeOther, 0}
	case DisconnectPeer:
		return cause{causePeer, 0}
	case DisconnectSystem:
		return cause{causeSystem, 0}
	case DisconnectError:
		return cause{causeSystem, 1}
	case DisconnectTakeover:
		return cause{causeNamed, 1}
	case DisconnectUncallable:
		return cause{causeNamed, 2}
	case DisconnectSpam:
		return cause{causeNamed, 3}
	case DisconnectSessionExpired:
		return cause{causeNamed, 4}
	case DisconnectInactivity:
		return cause{causeNamed, 5}
	case DisconnectTimeout:
		return cause{causeNamed, 6}
	case DisconnectTransportFailure:
		return cause{causeNamed, 7}
	case DisconnectEndpoint:
		return cause{causeNamed, 8}
	case DisconnectClient:
		return cause{causeNamed, 9}
	case DisconnectTransfer: // what follows a transfer winds it up
		return cause{causeNamed, 10}
	case DisconnectNotAvailableTransfer:
		return cause{causeVariant, 1}
	case DisconnectNoAnswerTransfer:
		return cause{causeVariant, 2}
	case DisconnectDNDTransfer:
		return cause{causeVariant, 3}
	case DisconnectDNDEndpoint:
		return cause{causeVariant, 4}
	case DisconnectForwardTransfer:
		return cause{causeVariant, 5}
	case DisconnectConferenceTransfer:
		return cause{causeVariant, 6}
	case DisconnectConsultTransfer:
		return cause{causeVariant, 7}
	}
	return d.unknownCause()
}

// unknownCause grades a type that is not known here by the word that it
// refines: it says more than that.
func (d DisconnectType) unknownCause() cause {
	word := squash(string(d))
	switch {
	case strings.Contains(word, "transfer"), strings.Contains(word, "endpoint"), strings.Contains(word, "client"):
		return cause{causeVariant, 0}
	case strings.Contains(word, "peer"):
		return cause{causeSystem, 2}
	}
	return cause{causeNamed, 0}
}
