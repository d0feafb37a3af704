package heard

import (
	"testing"
	"testing/synctest"
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
	require.Equal(t, map[string]Source{"socket": {SourceHealth: conversation.SourceHealth{Wanted: 3}}}, s.All(), "nothing is known yet")
	s.Gap(conversation.Gap{Source: "socket", From: at(1), Reason: "silent"}, at(2))
	s.Gap(conversation.Gap{Source: "socket", From: at(2), Reason: "evicted"}, at(3))
	is := s.All()["socket"]
	require.Equal(t, at(1), is.BlindSince, "since the first")
	require.Equal(t, "evicted", is.Reason, "why it still is")
	s.Gap(conversation.Gap{Source: "socket", From: at(1), To: at(4), Lost: true}, at(5))
	require.Equal(t, at(1), s.All()["socket"].BlindSince, "what is lost says nothing of the source")
	s.Gap(conversation.Gap{Source: "socket", From: at(1), To: at(4)}, at(5))
	require.Equal(t, conversation.SourceHealth{HeardSince: at(4), Wanted: 3}, s.All()["socket"].SourceHealth)
	require.Equal(t, int64(1), s.All()["socket"].Gaps, "the second one was the same, for another reason")
	require.Equal(t, int64(1), s.All()["socket"].Losses)
	require.Equal(t, at(4), s.All()["socket"].Lost.To)
	s.Gap(conversation.Gap{Source: "never", Reason: "never heard"}, at(6))
	require.Equal(t, at(6), s.All()["never"].BlindSince)
}

func TestASourceIsBlindWhileOneOfItsPartsIs(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC) }
	var s Sources
	s.Begin("socket", nil)
	s.Begin("socket/extra", nil)
	gap := func(source string, from, to time.Time) {
		s.Gap(conversation.Gap{Source: source, From: from, To: to, Reason: source}, at(9))
	}
	gap("socket/1", at(2), time.Time{})
	gap("socket/2", at(1), time.Time{})
	require.Equal(t, conversation.SourceHealth{BlindSince: at(1), Reason: "socket/2"}, s.All()["socket"].SourceHealth)
	gap("socket/2", at(1), at(3))
	require.Equal(t, conversation.SourceHealth{BlindSince: at(2), Reason: "socket/1"}, s.All()["socket"].SourceHealth)
	gap("socket/1", at(2), at(4))
	require.Equal(t, conversation.SourceHealth{HeardSince: at(4)}, s.All()["socket"].SourceHealth)
	require.Equal(t, int64(2), s.All()["socket"].Gaps)
	gap("socket/extra", at(5), time.Time{})
	require.Zero(t, s.All()["socket"].BlindSince, "that is another one")
	gap("own/part", at(5), time.Time{})
	require.Equal(t, at(5), s.All()["own/part"].BlindSince, "nobody runs it")
	require.Len(t, s.All(), 3)
}

// What a source says itself is closer to it than what its gaps show; it is blind
// when either says so.
func TestWhatASourceSaysItselfAndItsGapsGoTogether(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC) }
	blind := func(minute int, reason string) conversation.SourceHealth {
		return conversation.SourceHealth{BlindSince: at(minute), Reason: reason}
	}
	hears := func(minute int) conversation.SourceHealth {
		return conversation.SourceHealth{HeardSince: at(minute)}
	}
	for name, x := range map[string]struct{ gaps, says, want conversation.SourceHealth }{
		"both hear":                 {hears(2), hears(1), hears(2)},
		"the gaps say it is blind":  {blind(3, "silent"), hears(1), blind(3, "silent")},
		"it says that it is blind":  {hears(2), blind(3, "refused"), blind(3, "refused")},
		"both say so, it earlier":   {blind(3, "silent"), blind(2, "refused"), blind(2, "refused")},
		"both say so, gaps earlier": {blind(2, "silent"), blind(3, "refused"), blind(2, "refused")},
	} {
		require.Equal(t, x.want, join(Source{SourceHealth: x.gaps}, x.says).SourceHealth, name)
	}
}

type reporterFunc func() conversation.SourceHealth

func (f reporterFunc) Health() conversation.SourceHealth { return f() }

func TestASourceThatHangsOrPanicsInItsHealthHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan func() conversation.SourceHealth, 1)
		var s Sources
		s.Begin("own", reporterFunc(func() conversation.SourceHealth { return (<-answer)() }))
		answer <- func() conversation.SourceHealth { return conversation.SourceHealth{Wanted: 1} }
		require.Equal(t, 1, s.All()["own"].Wanted)
		answer <- func() conversation.SourceHealth { panic("oh") }
		require.Equal(t, 1, s.All()["own"].Wanted, "what it said last")
		began := time.Now()
		for range 3 {
			require.Equal(t, 1, s.All()["own"].Wanted, "it hangs")
		}
		require.Equal(t, 3*patience, time.Since(began))
		answer <- func() conversation.SourceHealth { return conversation.SourceHealth{Wanted: 2} }
		synctest.Wait()
		answer <- func() conversation.SourceHealth { return conversation.SourceHealth{Wanted: 3} }
		require.Equal(t, 3, s.All()["own"].Wanted)
	})
}
