package convtrack_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestAConclusionFromSingleFactsSettlesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		messages := genesystest.BlindTransferToQueue().Details()
		r.tell(messages...)
		synctest.Wait()
		require.NotContains(t, j.read(), "conversation.ended")
		require.NotContains(t, j.read(), "agent.connected")
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		require.Contains(t, j.read(), "agent.connected")
		require.NotContains(t, j.read(), "conversation.ended", "others may still be on their way")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
		require.Len(t, j.read(), len(storyEvents))
	})
}

func TestSettleEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks, func(c *convtrack.Config) { c.SettleSoon, c.SettleLate = -1, -1 })
		r.tell(genesystest.BlindTransferToQueue().Details()...)
		time.Sleep(time.Hour)
		require.NotContains(t, j.read(), "conversation.ended")
		require.NoError(t, r.Settle(t.Context()))
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
		require.Len(t, j.read(), len(storyEvents))
	})
}

func TestALateFactDropsAConclusionThatHasNotSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		messages := story(t, "abandoned in the queue").Details()
		var acdStart []byte
		for _, m := range messages {
			if strings.Contains(string(m), "acd.") {
				if strings.Contains(string(m), "acd.start") {
					acdStart = m
				}
				continue
			}
			r.tell(m)
		}
		time.Sleep(2 * time.Second)
		r.tell(acdStart) // the queue still has it: nothing has ended
		time.Sleep(time.Minute)
		synctest.Wait()
		require.NotContains(t, j.read(), "conversation.ended")
		r.tell(messages...)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
	})
}

func TestReopenedTwiceIsAnnouncedWhileItHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := story(t, "re-opened twice")
		last := time.Duration(0)
		for _, e := range s.DetailEvents() {
			time.Sleep(e.At - last)
			last = e.At
			r.tell(genesystest.Frame("v2.detail.events.conversation."+s.ID+"."+e.Event, e.Body))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		count := map[string]int{}
		for _, e := range j.read() {
			count[e]++
		}
		require.Equal(t, 3, count["conversation.ended"])
		require.Equal(t, 2, count["conversation.reopened"])
		require.Equal(t, 1, count["conversation.created"])
		c, err := r.Get(t.Context(), s.ID)
		require.NoError(t, err)
		require.Equal(t, conversation.StatusEnded, c.Status)
	})
}

// endedSegments is a record of a call that began at the time and of which all
// segments have ended after a minute; more are further segments of the customer.
func endedSegments(began time.Time, more ...string) []byte {
	at := func(after time.Duration) string { return began.Add(after).UTC().Format(time.RFC3339) }
	talk := fmt.Sprintf(`{"segmentType":"interact","segmentStart":%q,"segmentEnd":%q}`, at(0), at(time.Minute))
	return fmt.Appendf(nil, `{"conversationId":"c","conversationStart":%q,"participants":[
		{"participantId":"p-c","purpose":"customer","sessions":[{"sessionId":"s-c","mediaType":"voice","segments":[%s]}]},
		{"participantId":"p-a","purpose":"agent","userId":"u","sessions":[{"sessionId":"s-a","mediaType":"voice","segments":[%s]}]}]}`,
		at(0), strings.Join(append([]string{talk}, more...), ","), talk)
}

// tellEndedSegments tells of a call whose segments have ended, so long after its
// beginning.
func tellEndedSegments(t *testing.T, after time.Duration) (r *rig, j *journal, began time.Time) {
	hooks := events.NewHooks()
	j = journalHook(hooks, "journal")
	r = start(t, hooks)
	began = time.Now()
	time.Sleep(after)
	r.tell(endedSegments(began))
	return r, j, began
}

func TestAnEndThatNobodySaysIsAnnouncedWhenNoNextSegmentHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, j, _ := tellEndedSegments(t, 61*time.Second)
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		require.Contains(t, j.read(), "agent.connected")
		require.NotContains(t, j.read(), "agent.left", "the record may lack the next segment")
		require.NotContains(t, j.read(), "conversation.ended")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Contains(t, j.read(), "agent.left")
		require.Contains(t, j.read(), "conversation.ended")
	})
}

func TestAnEndThatNobodySaysIsNotAnnouncedWhenTheNextSegmentComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, j, began := tellEndedSegments(t, 61*time.Second)
		time.Sleep(2 * time.Minute)
		r.tell(endedSegments(began, fmt.Sprintf(`{"segmentType":"interact","segmentStart":%q}`, began.Add(2*time.Minute).UTC().Format(time.RFC3339))))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.NotContains(t, j.read(), "conversation.ended")
	})
}

func TestAnEndThatNobodySaysIsAnnouncedAtOnceLongAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, j, _ := tellEndedSegments(t, time.Hour)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		require.Contains(t, j.read(), "agent.left")
		require.Contains(t, j.read(), "conversation.ended")
	})
}

func TestTheEndOfTheInputAnnouncesAnEndThatNobodySays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, j, _ := tellEndedSegments(t, 61*time.Second)
		require.NoError(t, r.Settle(t.Context()))
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
	})
}
