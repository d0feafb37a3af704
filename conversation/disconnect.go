package conversation

import (
	"slices"
	"strings"
)

// DisconnectType says how a leg ended, seen from its own participant, in the
// spelling of analytics segments (protocol 3.3). "peer" on an agent's leg
// means that the other side ended it.
type DisconnectType string

// The disconnect types.
const (
	DisconnectClient               DisconnectType = "client"   // this participant's application
	DisconnectEndpoint             DisconnectType = "endpoint" // this participant's phone
	DisconnectPeer                 DisconnectType = "peer"     // the other side
	DisconnectSystem               DisconnectType = "system"   // Genesys Cloud
	DisconnectTimeout              DisconnectType = "timeout"
	DisconnectTransfer             DisconnectType = "transfer" // blind transfer; ordinary routing on acd and flow legs
	DisconnectConsultTransfer      DisconnectType = "consultTransfer"
	DisconnectConferenceTransfer   DisconnectType = "conferenceTransfer" // merged into another conversation
	DisconnectForwardTransfer      DisconnectType = "forwardTransfer"
	DisconnectNoAnswerTransfer     DisconnectType = "noAnswerTransfer"
	DisconnectNotAvailableTransfer DisconnectType = "notAvailableTransfer"
	DisconnectDNDEndpoint          DisconnectType = "dndEndpoint"
	DisconnectDNDTransfer          DisconnectType = "dndTransfer"
	DisconnectTransportFailure     DisconnectType = "transportFailure"
	DisconnectError                DisconnectType = "error"
	DisconnectSpam                 DisconnectType = "spam"
	DisconnectUncallable           DisconnectType = "uncallable"
	DisconnectOther                DisconnectType = "other"
	DisconnectInactivity           DisconnectType = "inactivity"
	DisconnectSessionExpired       DisconnectType = "sessionExpired"
	DisconnectTakeover             DisconnectType = "takeover"
)

// ParseDisconnectType normalises any of the five spellings (CONSULT_TRANSFER,
// transfer.consult, transfer.donotdisturb, consultTransfer, transferDnd). A
// value not known here is kept as it is.
func ParseDisconnectType(s string) DisconnectType {
	switch squash(s) {
	case "":
		return ""
	case "client":
		return DisconnectClient
	case "endpoint":
		return DisconnectEndpoint
	case "peer":
		return DisconnectPeer
	case "system":
		return DisconnectSystem
	case "timeout":
		return DisconnectTimeout
	case "transfer":
		return DisconnectTransfer
	case "consulttransfer", "transferconsult":
		return DisconnectConsultTransfer
	case "conferencetransfer", "transferconference":
		return DisconnectConferenceTransfer
	case "forwardtransfer", "transferforward":
		return DisconnectForwardTransfer
	case "noanswertransfer", "transfernoanswer":
		return DisconnectNoAnswerTransfer
	case "notavailabletransfer", "transfernotavailable":
		return DisconnectNotAvailableTransfer
	case "dndendpoint", "endpointdnd", "donotdisturbendpoint", "endpointdonotdisturb":
		return DisconnectDNDEndpoint
	case "dndtransfer", "transferdnd", "donotdisturbtransfer", "transferdonotdisturb":
		return DisconnectDNDTransfer
	case "transportfailure":
		return DisconnectTransportFailure
	case "error":
		return DisconnectError
	case "spam":
		return DisconnectSpam
	case "uncallable":
		return DisconnectUncallable
	case "other", "unknown":
		return DisconnectOther
	case "inactivity":
		return DisconnectInactivity
	case "sessionexpired":
		return DisconnectSessionExpired
	case "takeover":
		return DisconnectTakeover
	}
	return DisconnectType(s)
}

// squash lower-cases s and drops the separators in which spellings differ.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '.' || r == '_' || r == '-' || r == ' ':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// ByTransfer reports whether an agent's leg that ended so was left by the
// agent's own transfer. Forwarding, no answer, not available and do not
// disturb are rules of the system; a conference transfer is a merge
// (protocol 7.6, 7.13). A variant that is not known here, and is none of those,
// is a transfer as the plain word is: both are said of one end.
func (d DisconnectType) ByTransfer() bool {
	if d == DisconnectTransfer || d.ByConsultTransfer() {
		return true
	}
	return d.refines("transfer", "") && !d.says("endpoint", "client", "forward", "conference", "dnd", "disturb")
}

// ByConsultTransfer reports whether an agent's leg that ended so was left by
// the completion of a consult.
func (d DisconnectType) ByConsultTransfer() bool {
	return d == DisconnectConsultTransfer || d.refines("transfer", "consult")
}

// consultTransferred reports whether the session was left by the completion
// of a consult.
func (s *Session) consultTransferred() bool {
	if s.DisconnectType.ByConsultTransfer() {
		return true
	}
	m, _ := s.metric("nConsultTransferred")
	return m.Value > 0
}

// refines reports whether a type that is not known here is such a variant of
// the word: disconnect types are categories with variants (C2). One that says
// that it did not come about is none.
func (d DisconnectType) refines(word, variant string) bool {
	if c := d.cause(); c.grade != causeVariant || c.order != 0 {
		return false
	}
	return d.says(word) && d.says(variant) && !d.says("noanswer", "notavailable", "cancel", "fail", "timeout", "voicemail")
}

// says reports whether one of the words is in the type, in whatever spelling.
func (d DisconnectType) says(words ...string) bool {
	s := squash(string(d))
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(s, word) })
}

// ByOwnAct reports whether the leg's own participant hung up (protocol 7.8).
func (d DisconnectType) ByOwnAct() bool {
	if d == DisconnectClient || d == DisconnectEndpoint {
		return true
	}
	return (d.refines("client", "") || d.refines("endpoint", "")) && !d.says("transfer")
}
