package notifications

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// archive is an API that knows conversations, each with one leg of a user since a
// time, and keeps the paths that were asked for.
type archive struct {
	user     string
	since    time.Time
	recorded bool // the live API does not know them any more
	err      error
	asked    []string
}

func (a *archive) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	a.asked = append(a.asked, r.Path)
	var id string
	since := a.since.UTC().Format("2006-01-02T15:04:05.000Z")
	if n, _ := fmt.Sscanf(r.Path, "/api/v2/conversations/%s", &id); n == 1 {
		if a.recorded {
			return nil, &genesys.APIError{Status: http.StatusNotFound}
		}
		return fmt.Appendf(nil, `{"id":%q,"startTime":%q,"participants":[{"id":"p","purpose":"agent","userId":%q,"startTime":%[2]q,"calls":[{"id":"s","state":"connected","connectedTime":%[2]q}]}]}`, id, since, a.user), a.err
	}
	return fmt.Appendf(nil, `{"conversationId":"c-1","conversationStart":%q,"participants":[{"participantId":"p","purpose":"agent","userId":%q,"sessions":[{"sessionId":"s","mediaType":"voice","segments":[{"segmentType":"interact","segmentStart":%[1]q}]}]}]}`, since, a.user), a.err
}

// with is a conversation with a participant who has a leg since a time, until
// another; zero: it lasts.
func with(id string, p conversation.Participant, since, until time.Time) *conversation.Conversation {
	p.ID = "p"
	p.Sessions = []*conversation.Session{{ID: "s", Start: since, ConnectedTime: since, DisconnectedTime: until}}
	return conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: id, Participants: []*conversation.Participant{&p}},
		conversation.Statement{By: conversation.SourceREST, Seen: since}))
}

func user(id string) conversation.Participant {
	return conversation.Participant{Purpose: conversation.PurposeAgent, UserID: id}
}

// doubting is a doubts with connections of one topic each, which have listened for
// an hour without an event.
func doubting(t *testing.T, c *common, api genesys.API, topics ...string) *doubts {
	a := idle(1, len(topics))
	for _, name := range topics {
		require.True(t, a.add(name, blindness{}))
	}
	hearing(a, time.Now())
	time.Sleep(time.Hour)
	return &doubts{api: api, peers: c.peers("me"), assigned: a, refused: newRefusedTopics(slog.New(slog.DiscardHandler), nil), found: func(*conversation.Conversation) {}, log: slog.New(slog.DiscardHandler)}
}

// deaf returns the topics whose connections are found to be deaf soon.
func (d *doubts) deaf(topics ...string) (deaf []string) {
	for _, name := range topics {
		if d.assigned.connection(name).silence.deaf(time.Now().Add(suspectFor)) != nil {
			deaf = append(deaf, name)
		}
	}
	return deaf
}

func TestOnlyTheConnectionThatShouldHaveToldOfAConversationIsSuspected(t *testing.T) {
	u, q := UserTopics("u-1")[0], QueueTopics("q-1")[0]
	for name, c := range map[string]struct {
		is   conversation.Participant
		deaf []string
	}{
		"a user's leg":               {user("u-1"), []string{u}},
		"a user's leg of the queue":  {conversation.Participant{Purpose: conversation.PurposeAgent, UserID: "u-1", QueueID: "q-1"}, []string{u}},
		"waiting in the queue":       {conversation.Participant{Purpose: conversation.PurposeACD, QueueID: "q-1"}, []string{q}},
		"another user's":             {user("u-2"), nil},
		"an agent's who is not told": {conversation.Participant{Purpose: conversation.PurposeAgent, QueueID: "q-1"}, nil},
		"a customer's":               {conversation.Participant{Purpose: conversation.PurposeCustomer, QueueID: "q-1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := doubting(t, &common{}, nil, u, q)
				d.compare(with("c-1", c.is, time.Now(), time.Time{}))
				require.Equal(t, c.deaf, d.deaf(u, q))
			})
		})
	}
}

func TestAConnectionThatDoesNotHearIsNotSuspected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := UserTopics("u-1")[0]
		d := doubting(t, &common{}, nil, topic)
		d.assigned.connection(topic).lose(false)
		d.compare(with("c-1", user("u-1"), time.Now(), time.Time{}))
		require.Empty(t, d.deaf(topic), "it is known that it misses things")
	})
}

// idsIn returns the ids of the conversations that were asked for.
func idsIn(paths []string) (ids []string) {
	for _, path := range paths {
		ids = append(ids, path[strings.LastIndex(path, "/")+1:])
	}
	return ids
}

func TestTheConversationThatChangedLastIsReadForEachSilentConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &archive{user: "u-1", since: time.Now()}
		c := &common{}
		topics := UserTopics("u-1", "u-2")
		d := doubting(t, c, api, topics...)
		c.open = []*conversation.Conversation{
			with("over", user("u-1"), api.since, api.since.Add(time.Second)),
			with("of nobody", user("u-9"), api.since, time.Time{}),
			with("c-1", user("u-1"), api.since, time.Time{}),
			with("c-2", user("u-1"), api.since, time.Time{}),
			with("c-3", user("u-2"), api.since, time.Time{}),
		}
		silent := func() map[*connection]bool {
			return map[*connection]bool{d.assigned.connection(topics[0]): true, d.assigned.connection(topics[1]): true}
		}
		d.settle(t.Context(), silent())
		require.Equal(t, []string{"/api/v2/conversations/c-1", "/api/v2/conversations/c-3"}, api.asked)
		api.asked = nil
		for range 3 {
			d.settle(t.Context(), silent())
		}
		require.ElementsMatch(t, []string{"c-2", "c-3", "c-1", "c-3", "c-2", "c-3"}, idsIn(api.asked), "then the one that was read longest ago")
		require.Empty(t, d.deaf(topics...), "what happened before it was subscribed need not be told")
	})
}

func TestWhatIsReadOfASilentConnectionIsGivenOnAndCompared(t *testing.T) {
	for name, recorded := range map[string]bool{"live": false, "ended, from its record": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				topic := UserTopics("u-1")[0]
				api, c := &archive{user: "u-1", recorded: recorded}, &common{}
				d := doubting(t, c, api, topic)
				var found []string
				d.found = func(c *conversation.Conversation) { found = append(found, c.ID) }
				api.since = time.Now()
				c.open = []*conversation.Conversation{with("c-1", user("u-1"), time.Now().Add(-time.Hour), time.Time{})}
				ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
				defer stop()
				d.run(ctx)
				require.Equal(t, []string{"c-1"}, found)
				require.Equal(t, []string{topic}, d.deaf(topic))
			})
		})
	}
}

func TestWhatCannotBeReadMakesNobodySuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := UserTopics("u-1")[0]
		api, c := &archive{user: "u-1", err: errors.New("no connection")}, &common{}
		d := doubting(t, c, api, topic)
		api.since = time.Now()
		c.open = []*conversation.Conversation{with("c-1", user("u-1"), time.Now(), time.Time{})}
		d.settle(t.Context(), map[*connection]bool{d.assigned.connection(topic): true})
		require.Len(t, api.asked, 1)
		require.Empty(t, d.deaf(topic))
	})
}

func TestWhileConnectionsTellThereIsNothingToRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := UserTopics("u-1")[0]
		api, c := &archive{user: "u-1"}, &common{}
		d := doubting(t, c, api, topic)
		c.open = []*conversation.Conversation{with("c-1", user("u-1"), time.Now(), time.Time{})}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		told := d.assigned.connection(topic).silence
		told.hears(tells(time.Now()), time.Now())
		var telling sync.WaitGroup
		telling.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Minute)
				told.hears(tells(time.Now()), time.Now())
			}
		})
		d.run(ctx)
		telling.Wait()
		require.Empty(t, api.asked)
	})
}
