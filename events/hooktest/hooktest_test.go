package hooktest_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/events/hooktest"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func TestEveryFormTellsTheSameStory(t *testing.T) {
	story := genesystest.BlindTransferToQueue()
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		hooks := events.NewHooks()
		var told []events.Type
		events.After(hooks, "all", func(_ context.Context, e events.Event) error {
			told = append(told, e.Head().Type)
			return nil
		})
		got := hooktest.Play(t, hooks, story, form)
		require.Equal(t, conversation.StatusEnded, got.Conversation.Status)
		require.Equal(t, got.Types(), told)
		require.Len(t, hooktest.Of[*events.AgentConnected](got), 2)
		require.Len(t, hooktest.Of[*events.AgentLeft](got), 2)
		require.Equal(t, story.Start, got.Events[0].Head().Time, "the times are those of the story")
		require.Empty(t, got.Failed)
	})
}

func TestWhatIsVetoedAndWhatFailsForGoodIsReturned(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		vetoes := events.NewHooks()
		events.Before(vetoes, "screen", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
		require.Nil(t, hooktest.Play(t, vetoes, genesystest.BlindTransferToQueue(), form).Conversation)

		hooks := events.NewHooks()
		events.Before(hooks, "quiet", func(context.Context, *events.AgentTransferred) error { return events.Veto("nobody cares") })
		tries := 0
		events.After(hooks, "broken", func(context.Context, *events.ConversationEnded) error {
			tries++
			return errors.New("no such case")
		}, events.Attempts(4))
		got := hooktest.Play(t, hooks, genesystest.BlindTransferToQueue(), form)
		require.Equal(t, []string{hooktest.Of[*events.AgentTransferred](got)[0].ID}, got.Vetoed)
		require.Len(t, got.Failed, 1)
		require.Equal(t, "broken", got.Failed[0].Hook)
		require.Equal(t, 4, tries)
	})
}

func TestWhatIsJudgedWeeksLaterIsTold(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		for _, s := range genesystest.Scenarios() {
			if s.Name != "voice survey before the end, web survey that fails" && s.Name != "release scheduled for six weeks later" {
				continue
			}
			hooks := events.NewHooks()
			judged := 0
			events.After(hooks, "survey", func(context.Context, *events.SurveyCompleted) error { judged++; return nil })
			events.After(hooks, "evaluation", func(context.Context, *events.EvaluationReleased) error { judged++; return nil })
			hooktest.Play(t, hooks, s.Story(), form)
			require.Equal(t, 1, judged, s.Name)
		}
	})
}

func TestOnARealStoreAHookWritesInTheTransaction(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		db, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		hooks := events.NewHooks()
		owners := 0
		events.Before(hooks, "table", func(ctx context.Context, _ *events.ConversationCreated) error {
			tx, _ := sqlitestore.Tx(ctx)
			_, err := tx.ExecContext(ctx, "create table owner (name text)")
			return err
		})
		events.After(hooks, "owner", func(ctx context.Context, e *events.AgentConnected) error {
			tx, _ := sqlitestore.Tx(ctx)
			if _, err := tx.ExecContext(ctx, "insert into owner values (?)", e.UserID); err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, "select count(*) from owner").Scan(&owners)
		}, events.InTransaction())
		got := hooktest.Play(t, hooks, genesystest.BlindTransferToQueue(), form, hooktest.On(db))
		require.Empty(t, got.Failed)
		require.Equal(t, 2, owners)
	})
}

func TestATimerComesInVirtualTime(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		story := genesystest.NewStory("c-1")
		story.Customer("caller", 0).Ends(3*time.Minute, "endpoint")
		story.Queue("vip", time.Second, "q-vip").Ends(3*time.Minute, "peer")
		hooks := events.NewHooks()
		events.Define(hooks, "vip.waiting", func(c *conversation.Conversation) (found []events.Fact[string]) {
			for _, l := range c.Legs() {
				if at := l.Began().Add(time.Minute); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
					found = append(found, events.Fact[string]{Key: l.Session.ID, Time: at, Data: l.Session.ID})
				}
			}
			return found
		})
		var escalated []time.Time
		events.After(hooks, "escalate", func(_ context.Context, e *events.Custom[string]) error {
			escalated = append(escalated, time.Now())
			return nil
		})
		hooktest.Play(t, hooks, story, form)
		require.Len(t, escalated, 1)
		require.WithinDuration(t, story.Start.Add(61*time.Second), escalated[0], time.Second)
	})
}

// A callback for two hours later, which an agent answers within ten seconds of its time.
func TestAScheduledCallbackWaitsInItsQueueWhenItIsDue(t *testing.T) {
	var story *genesystest.Story
	for _, s := range genesystest.Scenarios() {
		if s.Name == "scheduled callback" {
			story = s.Story()
		}
	}
	due := story.Start.Add(2 * time.Hour)
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		hooks := events.NewHooks()
		events.Define(hooks, "waiting", func(c *conversation.Conversation) (found []events.Fact[string]) {
			for _, l := range c.Legs() {
				if at := l.Began().Add(time.Minute); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
					found = append(found, events.Fact[string]{Key: l.Session.ID, Time: at})
				}
			}
			return found
		})
		events.After(hooks, "escalate", func(context.Context, *events.Custom[string]) error {
			t.Error("nobody has waited for a minute")
			return nil
		})
		var queued []time.Time
		events.After(hooks, "queued", func(_ context.Context, e *events.ConversationQueued) error {
			queued = append(queued, e.Time, time.Now())
			return nil
		})
		hooktest.Play(t, hooks, story, form)
		require.Len(t, queued, 2)
		require.WithinDuration(t, due, queued[0], time.Second, "it has begun")
		require.False(t, queued[1].Before(due), "it is told")
	})
}

func TestTheFormsHaveNames(t *testing.T) {
	var names []string
	for _, f := range hooktest.Forms() {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"snapshots", "detail events", "EventBridge", "REST", "records"}, names)
}

func TestAHookThatCannotDecideYetIsAskedAgainOverEachForm(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		for name, knows := range map[string]bool{"when somebody answers": true, "never": false} {
			t.Run(name, func(t *testing.T) {
				hooks, asked, last := events.NewHooks(), 0, false
				events.Before(hooks, "screen", func(_ context.Context, e *events.ConversationCreated) error {
					asked++
					last = e.MustDecide
					answered := slices.ContainsFunc(e.Conversation.Participants, func(p *conversation.Participant) bool { return p.UserID != "" })
					if !e.MustDecide && (!knows || !answered) {
						return events.NotYet("nobody has answered")
					}
					return nil
				})
				got := hooktest.Play(t, hooks, genesystest.BlindTransferToQueue(), form)
				require.NotNil(t, got.Conversation, "it is not lost")
				require.Equal(t, events.TypeConversationCreated, got.Types()[0])
				require.Equal(t, events.TypeConversationEnded, got.Types()[len(got.Types())-1])
				require.Empty(t, got.Failed)
				require.Equal(t, !knows, last, "asked %d times", asked)
			})
		}
	})
}

func TestWhatIsJudgedIsHeardNoSoonerThanItHappens(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		story := genesystest.NewStory("c-1")
		story.Customer("caller", 0).Ends(3*time.Minute, "endpoint")
		story.Survey("sv-1", "user-a", "q-1", time.Hour).Complete(72*time.Hour, 90, 9)
		hooks := events.NewHooks()
		var told []time.Time
		events.After(hooks, "survey", func(context.Context, *events.SurveyCompleted) error {
			told = append(told, time.Now())
			return nil
		})
		hooktest.Play(t, hooks, story, form)
		require.Len(t, told, 1)
		require.False(t, told[0].Before(story.Start.Add(72*time.Hour)), "it is told %v after the start", told[0].Sub(story.Start))
	})
}

func TestAnAlertAfterAReopeningIsNotUnansweredWhileItRings(t *testing.T) {
	hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
		for _, s := range genesystest.Scenarios() {
			if s.Name != "re-opened twice" {
				continue
			}
			hooks := events.NewHooks()
			events.After(hooks, "u", func(context.Context, *events.AgentUnanswered) error { return nil })
			require.Empty(t, hooktest.Of[*events.AgentUnanswered](hooktest.Play(t, hooks, s.Story(), form)))
		}
	})
}
