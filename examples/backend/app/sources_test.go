package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// A replica that joins while another one hears has no gap that ends: the poller learns
// from this alone that open conversations need not be read often.
func TestThePollerIsToldWhetherTheSocketHears(t *testing.T) {
	var beside polling.Comparer = &sources{}
	require.Implements(t, (*interface {
		Health() conversation.SourceHealth
	})(nil), beside)
}
