package conversation

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDisconnectTypesOfEverySpelling holds the normalisation table: detail
// events, conversation topics, REST calls, analytics segments, metrics topic.
func TestDisconnectTypesOfEverySpelling(t *testing.T) {
	for want, spellings := range map[DisconnectType][]string{
		DisconnectClient:               {"CLIENT", "client"},
		DisconnectEndpoint:             {"ENDPOINT", "endpoint"},
		DisconnectPeer:                 {"PEER", "peer"},
		DisconnectSystem:               {"SYSTEM", "system"},
		DisconnectTimeout:              {"TIMEOUT", "timeout"},
		DisconnectTransfer:             {"TRANSFER", "transfer"},
		DisconnectConferenceTransfer:   {"CONFERENCE_TRANSFER", "transfer.conference", "conferenceTransfer"},
		DisconnectConsultTransfer:      {"CONSULT_TRANSFER", "transfer.consult", "consultTransfer"},
		DisconnectForwardTransfer:      {"FORWARD_TRANSFER", "transfer.forward", "forwardTransfer"},
		DisconnectNoAnswerTransfer:     {"NO_ANSWER_TRANSFER", "transfer.noanswer", "noAnswerTransfer"},
		DisconnectNotAvailableTransfer: {"NOT_AVAILABLE_TRANSFER", "transfer.notavailable", "notAvailableTransfer"},
		DisconnectDNDEndpoint:          {"DND_ENDPOINT", "endpoint.dnd", "endpoint.donotdisturb", "dndEndpoint", "endpointDnd"},
		DisconnectDNDTransfer:          {"DND_TRANSFER", "transfer.dnd", "transfer.donotdisturb", "dndTransfer", "transferDnd"},
		DisconnectTransportFailure:     {"TRANSPORT_FAILURE", "transport.failure", "transportFailure"},
		DisconnectError:                {"ERROR", "error"},
		DisconnectSpam:                 {"SPAM", "spam"},
		DisconnectUncallable:           {"UNCALLABLE", "uncallable"},
		DisconnectOther:                {"OTHER", "UNKNOWN", "other"},
		DisconnectInactivity:           {"INACTIVITY", "inactivity"},
		DisconnectSessionExpired:       {"SESSION_EXPIRED", "session.expired", "sessionExpired"},
		DisconnectTakeover:             {"TAKEOVER", "takeover"},
		"something.New":                {"something.New"},
		"":                             {""},
	} {
		for _, s := range spellings {
			require.Equal(t, want, ParseDisconnectType(s), s)
		}
	}
}

func TestOnlyTheAgentsOwnTransfersAreTransfers(t *testing.T) {
	for _, d := range []DisconnectType{DisconnectTransfer, DisconnectConsultTransfer} {
		require.True(t, d.ByTransfer(), d)
	}
	for _, d := range []DisconnectType{DisconnectConferenceTransfer, DisconnectForwardTransfer, DisconnectNoAnswerTransfer,
		DisconnectNotAvailableTransfer, DisconnectDNDTransfer, DisconnectPeer, DisconnectClient} {
		require.False(t, d.ByTransfer(), d)
	}
}

// TestAVariantOfAnOwnActIsOne: disconnect types are categories with variants (C2).
func TestAVariantOfAnOwnActIsOne(t *testing.T) {
	for how, want := range map[DisconnectType]bool{
		DisconnectClient: true, DisconnectEndpoint: true, "client.novel": true, "CLIENT_NOVEL": true, "endpoint.novel": true, "endpointNovel": true,
		"client.timeout": false, "endpoint.failure": false, "transfer.endpoint.novel": false, DisconnectDNDEndpoint: false,
		DisconnectPeer: false, "peer.novel": false, DisconnectTransfer: false, "novel": false, "": false,
	} {
		require.Equal(t, want, how.ByOwnAct(), how)
	}
}
