package conversation

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheDigestIsThatOfWhatIsSaidNotOfWhen(t *testing.T) {
	require.Equal(t, Digest(snapshotOf(1, true)), Digest(snapshotOf(2, true)))
	require.NotEqual(t, Digest(snapshotOf(1, true)), Digest(snapshotOf(1, false)))
	require.Equal(t, at(2), Said(snapshotOf(2, true)))
	require.True(t, Said(State(&Conversation{ID: "c"}, Statement{By: SourceHint})).IsZero())
}

// What has the same digest and was said later says everything that the earlier
// one does, so that only the later one needs to be kept.
func TestOfTwoWithTheSameDigestTheLaterOneSuffices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two := drawSaid(t), drawSaid(t)
		if Digest(one) != Digest(two) {
			return
		}
		if Said(two).Before(Said(one)) {
			one, two = two, one
		}
		var known *Conversation
		for range rapid.IntRange(0, 3).Draw(t, "known") {
			known = Merge(known, drawSaid(t))
		}
		requireSame(t, Merge(Merge(known, one), two), Merge(known, two))
	})
}
