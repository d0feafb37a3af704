package genesystest

import "slices"

// Unknown is something that PROTOCOL.md does not know of the platform. The
// simulator takes one of the possibilities; [Otherwise] has it take the other.
type Unknown string

// What can be taken otherwise. Each says what the server does then; the section
// is that of genesys/PROTOCOL.md.
const (
	// HeldApart leaves the time on hold out of interactingDurationMs (3.5).
	HeldApart Unknown = "held apart"
	// WrapUpsWithoutCodeUntold fires no acw event for after-call work without a
	// wrap-up code (3.5).
	WrapUpsWithoutCodeUntold Unknown = "wrap-ups without a code untold"
	// ProvidersWithoutWords gives each provider of a leg a name in which nothing
	// tells the medium (3.7).
	ProvidersWithoutWords Unknown = "providers without words"
	// EnvelopesWhenMade stamps an envelope of EventBridge with the second in which
	// it was made, not with that of the event (4.5).
	EnvelopesWhenMade Unknown = "envelopes when made"
	// FewerIDs takes 50 ids, not 100, in one read of several records (6.1).
	FewerIDs Unknown = "fewer ids"
	// SmallerPages takes pages of 50, not 100, in a details query (6.5).
	SmallerPages Unknown = "smaller pages"
	// WatchingOfWatched gives the metrics of watching to the leg that is watched,
	// not to that of who watches (6.7).
	WatchingOfWatched Unknown = "watching of the watched"
	// OutcomesOtherwise names the members of a flow's outcomes in records otherwise
	// than detail events do (6.9).
	OutcomesOtherwise Unknown = "outcomes otherwise"
	// RingsFromZero counts the rings of bullseye routing from 0, not from 1 (6.9).
	RingsFromZero Unknown = "rings from zero"
	// TransfersUnlisted leaves transfers of calls out of recentTransfers (7.4).
	TransfersUnlisted Unknown = "transfers unlisted"
	// MergesEndWithPeer ends the legs of a conversation that is merged into another
	// one with peer (7.7).
	MergesEndWithPeer Unknown = "merges end with peer"
	// WrapUpsOutsideACD gives legs of the inside that are no ACD work after-call
	// work, too (7.12).
	WrapUpsOutsideACD Unknown = "wrap-ups outside ACD"
	// OwnAddressOutbound gives the customer of an outbound conversation the
	// address of the organisation, in the live API (7.14).
	OwnAddressOutbound Unknown = "own address outbound"
	// ExternalsUntold fires no customer events for external parties (7.14).
	ExternalsUntold Unknown = "externals untold"
	// GuestsWithoutAddress gives guests of web messaging no address (7.14).
	GuestsWithoutAddress Unknown = "guests without an address"
	// WithheldOtherwise spells a number that is withheld in a way that nobody knows
	// (7.14).
	WithheldOtherwise Unknown = "withheld otherwise"
	// ConsultsEndAsConsults says CONSULT_TRANSFER in the detail event of a leg whose
	// agent completed a consult, where snapshots and records say transfer (9.3).
	ConsultsEndAsConsults Unknown = "consults end as consults"
	// EndStays leaves the end of a conversation in its records and live bodies when
	// it is re-opened.
	EndStays Unknown = "end stays"
	// AllAttributes has each attributes event hold all attributes of the
	// participant, not the changed ones.
	AllAttributes Unknown = "all attributes"
	// LiveForgets lets the live API forget a conversation when it is over.
	LiveForgets Unknown = "live forgets"
)

// Otherwise has the server take the other possibility of what is not known of
// the platform. See also [CombinedTopicNames] and [LeaversHearNothing].
func Otherwise(unknowns ...Unknown) Option {
	return func(c *config) { c.otherwise = append(slices.Clone(c.otherwise), unknowns...) }
}

// otherwise is what is taken otherwise.
type otherwise []Unknown

func (o otherwise) takes(u Unknown) bool { return slices.Contains(o, u) }

// adapt changes the story to what is taken otherwise, as far as that is a matter
// of what happened.
func (s *Story) adapt(o otherwise) {
	s.otherwise = o
	for _, l := range s.Legs {
		if o.takes(ProvidersWithoutWords) {
			l.Provider = "Provider Seven"
		}
		if o.takes(RingsFromZero) && l.Routing.Ring > 0 {
			l.Routing.Ring--
			l.Routing.zero = l.Routing.Ring == 0
		}
		if o.takes(MergesEndWithPeer) && l.MergedInto != "" {
			l.Disconnect = "peer"
		}
		if o.takes(WrapUpsOutsideACD) && l.agentSide() && l.Queue == "" && l.Connected != Never && l.End != Never && l.WrapStart == Never && l.Supervises == "" {
			l.WrapUp(l.End+sec(5), "")
		}
		if o.takes(GuestsWithoutAddress) && l.Message == "webmessaging" {
			l.Address = ""
		}
		if o.takes(WithheldOtherwise) && l.outside() && withheld[l.Address] {
			l.Address = "tel:Onbekend"
		}
	}
	if o.takes(TransfersUnlisted) && s.Media == "voice" {
		s.Transfers = nil
	}
}

// withheld are the ways in which stories spell a number that is withheld.
var withheld = map[string]bool{"sip:anonymous@anonymous.invalid": true, "tel:Restricted": true}
