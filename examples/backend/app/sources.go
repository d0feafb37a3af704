package app

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// sources are the ways in which the backend hears by itself. What is off is nil.
type sources struct {
	client *rest.Client
	api    genesys.API
	socket *notifications.Source
	poller *polling.Source
	queue  *eventbridge.Queue
}

func openSources(is environment, tracker *convtrack.Tracker, log *slog.Logger) (*sources, error) {
	s := &sources{}
	if is.queue != nil {
		var err error
		s.queue, err = eventbridge.NewQueue(is.queue.Client, is.queue.URL, &eventbridge.QueueConfig{Tracked: tracker, Logger: log})
		if err != nil {
			return nil, &usageError{"CONVTRACK_SQS_QUEUE_URL", err}
		}
	}
	if is.api == nil {
		return s, nil
	}
	config := *is.api
	config.Logger = log
	client, err := rest.New(config)
	if err != nil {
		return nil, &usageError{"GENESYS_BASE_URL, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET", err}
	}
	s.client, s.api = client, client
	s.socket, err = notifications.New(notifications.Config{
		API: s.api, Tracked: tracker, Logger: log,
		Follow: &directory.Selection{Queues: directory.All(), Users: directory.All()}, FollowEvery: time.Minute,
		OnRefused: func(r notifications.Refusal) {
			log.Error("Genesys refuses a topic", "topic", r.Topic, "reason", r.Reason, "missing_permissions", r.MissingPermissions)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("the WebSocket: %w", err)
	}
	s.poller, err = polling.New(polling.Config{API: s.api, Tracked: tracker, Beside: s, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("polling: %w", err)
	}
	return s, nil
}

// Compare implements polling.Comparer: what was read from the API shows who has
// not heard of it.
func (s *sources) Compare(c *conversation.Conversation) {
	s.socket.Compare(c)
	if s.queue != nil {
		s.queue.Compare(c)
	}
}

// Health tells the poller whether the socket hears, so that it reads less often.
func (s *sources) Health() conversation.SourceHealth { return s.socket.Health() }

// all are those that are on.
func (s *sources) all() (on []convtrack.Source) {
	if s.client != nil {
		on = append(on, s.socket, s.poller)
	}
	if s.queue != nil {
		on = append(on, s.queue)
	}
	return on
}

func (s *sources) close() {
	if s.client != nil {
		s.client.Close()
	}
}
