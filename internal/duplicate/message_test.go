package duplicate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func TestAnAnnouncementSurvivesItsWay(t *testing.T) {
	timed := conversation.Fingerprint{Sum: [16]byte{1, 2, 3}}
	list := []announced{{conversation: 1, Fingerprint: read("x", 7)}, {conversation: 2, Fingerprint: timed}}
	sender, again := readAnnouncement(announcement(9, list))
	require.Equal(t, uint64(9), sender)
	require.Equal(t, list, again)
}

func TestTheLongestAnnouncementFitsIntoABroadcast(t *testing.T) {
	require.LessOrEqual(t, len(announcement(1, make([]announced, mostAnnounce))), store.MostBroadcast)
}

func TestAnAnnouncementOfAnotherFormIsPassedOver(t *testing.T) {
	whole := announcement(9, []announced{{conversation: 1, Fingerprint: read("x", 7)}})
	for _, b := range [][]byte{nil, {}, {form}, whole[:len(whole)-1], append([]byte{form + 1}, whole[1:]...)} {
		_, list := readAnnouncement(b)
		require.Empty(t, list)
	}
}
