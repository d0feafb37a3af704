package notifications_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// Whoever comes between two lookups of the one process is found by the other.
func TestWhoeverComesBeforeAProcessEndsMayHaveBeenThereSinceItsLastLookup(t *testing.T) {
	for name, ends := range map[string]func(w *world, stop, kill func(), next func()){
		"it stops, and the next one starts": func(w *world, stop, kill func(), next func()) { stop(); w.kept.members("b"); next() },
		"it dies, and the next one starts":  func(w *world, stop, kill func(), next func()) { kill(); w.kept.members("b"); next() },
		"the next one starts before it ends": func(w *world, stop, kill func(), next func()) {
			w.kept.members("b", "a")
			next()
			w.settle(3 * time.Minute)
			stop()
			w.kept.members("b")
		},
	} {
		for _, before := range []time.Duration{time.Second, 30 * time.Second, 2 * time.Minute, 4 * time.Minute} {
			t.Run(fmt.Sprint(name, ", ", before, " later"), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.server.AddUsers(entries("u", 20)...)
					follow := notifications.Config{Follow: everybody(), FollowEvery: 10 * time.Minute}
					w.kept.members("a")
					follow.Tracked = as{w.kept, "a"}
					stop := w.start(follow)
					w.settle(10*time.Minute + 30*time.Second) // it has looked again
					gaps := len(w.heard.closed())
					came := time.Now()
					w.server.AddUsers(genesystest.Entry{ID: "new"})
					w.settle(before)
					ends(w, stop, func() { defer w.kept.freeze()(); stop() }, func() {
						follow.Tracked = as{w.kept, "b"}
						w.start(follow)
					})
					w.settle(10 * time.Minute)
					covered := false
					for _, g := range w.heard.closed()[gaps:] {
						covered = covered || !g.From.After(came)
						require.WithinDuration(t, came, g.From, 11*time.Minute, "%+v", g)
					}
					require.True(t, covered, "came %v, gaps %v", came, w.heard.closed()[gaps:])
				})
			})
		}
	}
}
