package heard

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

type says conversation.SourceHealth

func (s says) Health() conversation.SourceHealth { return conversation.SourceHealth(s) }

func TestASourceHearsOrIsBlindByItsLatestGap(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC) }
	var s Sources
	s.Begin("socket", says{Wanted: 3})
	require.Equal(t, map[string]Source{"socket": {Says: conversation.SourceHealth{Wanted: 3}}}, s.All(), "nothing is known yet")
	s.Gap(conversation.Gap{Source: "socket", From: at(1), Reason: "silent"}, at(2))
	s.Gap(conversation.Gap{Source: "socket", From: at(2), Reason: "evicted"}, at(3))
	is := s.All()["socket"]
	require.Equal(t, at(1), is.BlindSince, "since the first")
	require.Equal(t, "evicted", is.Reason, "why it still is")
	s.Gap(conversation.Gap{Source: "socket", From: at(1), To: at(4), Lost: true}, at(5))
	require.Equal(t, at(1), s.All()["socket"].BlindSince, "what is lost says nothing of the source")
	s.Gap(conversation.Gap{Source: "socket", From: at(1), To: at(4)}, at(5))
	require.Equal(t, Source{HeardSince: at(4), Says: conversation.SourceHealth{Wanted: 3}}, s.All()["socket"])
	s.Gap(conversation.Gap{Source: "never", Reason: "never heard"}, at(6))
	require.Equal(t, at(6), s.All()["never"].BlindSince)
}
