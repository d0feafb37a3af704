package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestTheProgramPrintsHowTheOwnerChanges(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	require.Equal(t, `CASE-4711: the owner is alice now
CASE-4711: the owner is bob now
CASE-4711 belongs to bob
`, out.String())
}

// play runs DCM's hooks on a story and returns the cases and what was reported.
func play(t *testing.T, story *genesystest.Story, people *People, cases *Cases) (reports []string, tracker *convtrack.Tracker) {
	t.Helper()
	hooks := events.NewHooks()
	register(hooks, cases, people, func(format string, args ...any) { reports = append(reports, fmt.Sprintf(format, args...)) })
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, tracker.Run(t.Context(), script{story}))
	return reports, tracker
}

func people(users ...User) *People {
	return &People{Users: users, EmailOf: func(_ context.Context, id string) (string, error) { return id + "@genesys.example", nil }}
}

func aCase() *Cases {
	return newCases(&Case{ID: "CASE-1", Owner: "nobody", Caller: "+31612345678"})
}

func TestTheGenesysUserIdComesBeforeTheEmail(t *testing.T) {
	cases := aCase()
	reports, _ := play(t, genesystest.BlindTransferToQueue(), people(
		User{Name: "other", Email: "user-a@genesys.example"},
		User{Name: "alice", GenesysUserID: "user-a"},
		User{Name: "bob", Email: "user-b@genesys.example"},
	), cases)
	require.Equal(t, []string{"CASE-1: the owner is alice now", "CASE-1: the owner is bob now"}, reports)
	require.Equal(t, "bob", cases.All()[0].Owner)
}

func TestAnAgentWhoIsNoUserIsReportedAndTheOwnerStays(t *testing.T) {
	cases := aCase()
	reports, _ := play(t, genesystest.BlindTransferToQueue(), people(User{Name: "alice", GenesysUserID: "user-a"}), cases)
	require.Equal(t, []string{"CASE-1: the owner is alice now", "CASE-1: the Genesys user user-b is no user of DCM; the owner stays"}, reports)
	require.Equal(t, "alice", cases.All()[0].Owner)
}

func TestAConversationWithoutACaseIsNotTracked(t *testing.T) {
	story := genesystest.BlindTransferToQueue()
	reports, tracker := play(t, story, people(), newCases())
	require.Empty(t, reports)
	_, err := tracker.Get(t.Context(), story.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
}

// said is a source that says what was recorded, and waits for what follows.
type said struct {
	messages [][]byte
	settle   func(context.Context) error
}

func (s said) Run(ctx context.Context, sink conversation.Sink) error {
	for _, data := range s.messages {
		m, err := genesys.Decode(data, time.Time{})
		if err != nil {
			return err
		}
		if err := sink(ctx, conversation.Update{Conversations: m.Conversations}); err != nil {
			return err
		}
	}
	return s.settle(ctx)
}

// source is a function that is one.
type source func(ctx context.Context, sink conversation.Sink) error

func (s source) Run(ctx context.Context, sink conversation.Sink) error { return s(ctx, sink) }

// After a restart the poller may speak first; of detail events a flow's or a
// queue's may be the first to be heard.
func TestTheCaseIsFoundWhicheverFormOfMessageComesFirst(t *testing.T) {
	story := genesystest.BlindTransferToQueue()
	details := story.Details()
	for name, messages := range map[string][][]byte{
		"topics": story.Snapshots(), "record": story.Records(), "REST": story.Bodies(), "EventBridge": story.Envelopes(), "details": details,
		"the flow's event first": append([][]byte{details[1]}, details...),
	} {
		require.Equal(t, "bob", ownerOf(t, messages), name)
	}
}

// ownerOf is who has the case when the messages have been heard, batch by batch.
func ownerOf(t *testing.T, batches ...[][]byte) string {
	t.Helper()
	cases, hooks := aCase(), events.NewHooks()
	register(hooks, cases, people(User{Name: "alice", GenesysUserID: "user-a"}, User{Name: "bob", GenesysUserID: "user-b"}), func(string, ...any) {})
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	sources := func(ctx context.Context, sink conversation.Sink) error {
		for _, messages := range batches {
			if err := (said{messages, tracker.Settle}).Run(ctx, sink); err != nil {
				return err
			}
		}
		return nil
	}
	require.NoError(t, tracker.Run(t.Context(), source(sources)))
	return cases.All()[0].Owner
}

func TestAnAlertThatIsNotAnsweredChangesNothing(t *testing.T) {
	cases := aCase()
	for _, s := range genesystest.Scenarios() {
		if s.Name == "customer leaves while the agent is alerted" {
			play(t, s.Story(), people(User{Name: "alice", GenesysUserID: "user-a"}), cases)
		}
	}
	require.Equal(t, "nobody", cases.All()[0].Owner)
}

// scenario returns the story of the name.
func scenario(t *testing.T, name string) *genesystest.Story {
	t.Helper()
	for _, s := range genesystest.Scenarios() {
		if s.Name == name {
			return s.Story()
		}
	}
	require.Fail(t, "no such scenario", name)
	return nil
}

func TestWhoIsOnlyConsultedGivesTheCaseBack(t *testing.T) {
	for name, owner := range map[string]string{"consult cancelled": "alice", "customer gone during a consult": "alice", "consult transfer completed": "bob"} {
		story := scenario(t, name)
		for form, messages := range map[string][][]byte{"topics": story.Snapshots(), "EventBridge": story.Envelopes(), "details": story.Details()} {
			require.Equal(t, owner, ownerOf(t, messages), "%s: %s", name, form)
		}
	}
}

// EventBridge tells again for a day what a backend that was down did not take.
func TestWhatIsHeardOfAnEarlierAgentAfterTheLaterOneTakesNoCase(t *testing.T) {
	var late, rest [][]byte
	for _, m := range genesystest.BlindTransferToQueue().Details() {
		if bytes.Contains(m, []byte(`"userId":"user-a"`)) {
			late = append(late, m)
		} else {
			rest = append(rest, m)
		}
	}
	require.NotEmpty(t, late)
	require.Equal(t, "bob", ownerOf(t, rest, late))
}

func TestAnotherCallOfTheCustomerTakesNothingFromThat(t *testing.T) {
	cases, at := aCase(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	set := func(user, conversation string, minute int) bool {
		return cases.SetOwner("CASE-1", user, conversation, at.Add(time.Duration(minute)*time.Minute))
	}
	require.True(t, set("bob", "first", 10))
	require.True(t, set("carol", "second", 60))
	require.False(t, set("dave", "first", 5), "it is heard late")
	require.True(t, set("bob", "first", 70))
}

func TestWhoWithholdsTheNumberHasNoCaseOfSomebodyElse(t *testing.T) {
	cases := newCases(&Case{ID: "CASE-2", Owner: "nobody"})
	for _, s := range genesystest.Scenarios() {
		play(t, s.Story(), people(User{Name: "alice", GenesysUserID: "user-a"}), cases)
	}
	require.Equal(t, "nobody", cases.All()[0].Owner)
}

func TestWhileTheDirectoryFailsTheHookIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases, failures := aCase(), 2
		directory := people(User{Name: "alice", Email: "user-a@genesys.example"}, User{Name: "bob", Email: "user-b@genesys.example"})
		email := directory.EmailOf
		directory.EmailOf = func(ctx context.Context, id string) (string, error) {
			if failures--; failures >= 0 {
				return "", errors.New("the directory is down")
			}
			return email(ctx, id)
		}
		hooks := events.NewHooks()
		register(hooks, cases, directory, func(string, ...any) {})
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- tracker.Run(ctx) }()
		require.NoError(t, script{genesystest.BlindTransferToQueue()}.Run(ctx, tracker.Observe))
		time.Sleep(time.Minute)
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, "bob", cases.All()[0].Owner)
	})
}
