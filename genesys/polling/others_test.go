package polling

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOthersHearWhenSomeHaveSaidSoAndNoneIsBlind(t *testing.T) {
	o := newOthers()
	require.False(t, o.hear(), "nobody has said anything")
	o.note("a", true)
	require.False(t, o.hear())
	o.note("a", false)
	require.True(t, o.hear())
	o.note("b", true)
	require.False(t, o.hear())
	o.note("b", false)
	require.True(t, o.hear())
}

func TestASourceThatIsBlindCountsOnceHoweverOftenItSaysSo(t *testing.T) {
	o := newOthers()
	var saying sync.WaitGroup
	for n := range 100 {
		saying.Go(func() { o.note(fmt.Sprint("source-", n%5), true) })
	}
	saying.Wait()
	for n := range 5 {
		require.False(t, o.hear())
		o.note(fmt.Sprint("source-", n), false)
	}
	require.True(t, o.hear())
}
