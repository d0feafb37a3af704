package notifications_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

func request(method, path string) genesys.Request { return genesys.Request{Method: method, Path: path} }

func TestAWrongConfigurationIsRefusedInASentence(t *testing.T) {
	api := genesystest.NewServer(t).API()
	for want, c := range map[string]notifications.Config{
		"Config.API is nil":             {Topics: callTopics},
		"there is nothing to hear":      {API: api},
		"must begin with v2.":           {API: api, Topics: []string{"users.x.conversations"}},
		"MaxChannels is 21":             {API: api, Topics: callTopics, MaxChannels: 21},
		"TopicsPerChannel is 1001":      {API: api, Topics: callTopics, TopicsPerChannel: 1001},
		"do not fit on 1 channels of 1": {API: api, Topics: callTopics, MaxChannels: 1, TopicsPerChannel: 1},
		"both must be at least 1":       {API: api, Topics: callTopics, Workers: -1},
	} {
		_, err := notifications.New(c)
		require.ErrorContains(t, err, want)
	}
}
