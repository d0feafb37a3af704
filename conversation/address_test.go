package conversation

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAddressIsReadInAnySpelling(t *testing.T) {
	for want, spellings := range map[string][]string{
		"+31612345678": {"tel:+31612345678", "+31612345678", "TEL:+31612345678", " tel:+31612345678 ", "tel:+31-6-1234-5678", "tel:+31(6)1234.5678",
			"+31 6 1234 5678", "tel:+31612345678;phone-context=example.com", "sip:+31612345678@10.0.0.1", "sip:+31612345678@10.0.0.1:5060;user=phone",
			"sips:+31612345678;npdi@trunk.example", "sip:+31612345678"},
		"4711":                 {"4711", "tel:4711", "sip:4711@pbx.example"},
		"47-11":                {"47-11"}, // no number for sure: it may be anybody's id
		"alice@pbx.example":    {"sip:alice@pbx.example", "sip:alice@pbx.example;transport=tls", "alice@pbx.example"},
		"private@firm.example": {"private@firm.example", "mailto:private@firm.example", "mailto:private@firm.example?subject=x"},
		"0611@mail.example":    {"0611@mail.example", "mailto:0611@mail.example"},
		"a1b2-c3":              {"a1b2-c3"},
	} {
		for _, s := range spellings {
			address, withheld := readAddress(s)
			require.Equal(t, want, address, s)
			require.False(t, withheld, s)
		}
	}
}

func TestAWithheldNumberIsKnownToBeWithheldInAnySpelling(t *testing.T) {
	for name := range withheldNames {
		for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper, func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }} {
			for _, form := range []string{"%", "tel:%", "sip:%", "sip:%@10.0.0.1", "sip:%@%.invalid", "%@%.invalid", "sips:%@example.com;user=phone"} {
				s := strings.ReplaceAll(form, "%", spell(name))
				address, withheld := readAddress(s)
				require.True(t, withheld, s)
				require.Empty(t, address, s)
			}
		}
	}
}

func TestAnAddressThatSaysNothingIsNoneAndNotWithheld(t *testing.T) {
	for _, s := range []string{"", " ", "tel:", "sip:", "sip:@host", "unknown", "Unknown", "tel:unknown", "sip:unknown@10.0.0.1"} {
		address, withheld := readAddress(s)
		require.Empty(t, address, s)
		require.False(t, withheld, s)
	}
}

// Genesys may give the organisation's own address as that of the customer's
// participant, and not in the spelling of the conversation.
func TestTheOrganisationsOwnAddressIsNotTheCustomersInAnySpelling(t *testing.T) {
	for _, same := range spellings {
		for _, ours := range same {
			for _, stated := range same {
				c := with(func(c *Conversation, p *Participant, s *Session) {
					c.Address, c.OriginatingDirection = ours, Outbound
					p.Purpose, p.Address = PurposeCustomer, stated
					s.MediaType, s.DNIS = MediaVoice, "tel:+4930123456"
				})
				customer, known := c.Customer()
				require.True(t, known)
				require.Equal(t, "+4930123456", customer.Address, "%q is %q", stated, ours)
			}
		}
	}
	withheld := with(func(_ *Conversation, p *Participant, _ *Session) {
		p.Purpose, p.Address = PurposeCustomer, "sip:anonymous@anonymous.invalid"
	})
	customer, known := withheld.Customer()
	require.True(t, known && customer.Withheld)
}

func BenchmarkCustomer(b *testing.B) {
	c := &Conversation{Address: "tel:+31201234567", OriginatingDirection: Inbound, Participants: []*Participant{{
		ID: "p", Purpose: PurposeCustomer, Address: "tel:+31612345678", Sessions: []*Session{{ID: "s", ANI: "tel:+31612345678", DNIS: "tel:+31201234567"}},
	}}}
	for b.Loop() {
		if customer, known := c.Customer(); !known || customer.Address != "+31612345678" {
			b.Fatal(customer)
		}
	}
}
