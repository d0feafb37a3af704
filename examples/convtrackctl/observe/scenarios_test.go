//go:build !race

package observe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestOfNoScenarioAnythingIsSaidToBeMissingOrToContradictThatAgrees(t *testing.T) {
	for _, s := range genesystest.Scenarios() {
		if over := s.Story().Over(); over > 15*time.Minute {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				r := w.observe(20*time.Minute, func() { w.Play(s.Story()) })
				require.Empty(w.t, r.Losses)
				for _, d := range r.Differences { // what topics forget while a leg winds down (protocol 9.1)
					require.Contains(w.t, s.Name, "winding down", "%+v", d)
					require.Equal(w.t, "disconnectType", d.Field)
				}
			})
		})
	}
}
