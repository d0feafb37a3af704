package convtrack_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestAfterHooksRunInTheOrderOfTheConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
	})
}

func TestWhatIsSaidAgainIsAnnouncedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		commits := r.Stats().Changes
		r.tell(s.Snapshots()...)
		synctest.Wait()
		require.Equal(t, commits, r.Stats().Changes, "nothing new is nothing to write")
		r.tell(s.Details()...)
		r.tell(s.Records()...)
		time.Sleep(time.Minute)
		require.Equal(t, storyEvents, j.read())
	})
}

// loads counts how often conversations are loaded.
type loads struct {
	store.Store
	n atomic.Int64
}

func (s *loads) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	s.n.Add(int64(len(ids)))
	return s.Store.Load(ctx, ids...)
}

func TestConversationsThatRestStayInMemoryAndNothingIsAnnouncedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		s := &loads{Store: memstore.New()}
		const conversations = 8
		r := startOn(t, s, hooks, func(c *convtrack.Config) { c.CacheSize = conversations })
		one := story(t, "blind transfer to a queue")
		var messages [conversations][][]byte
		for i := range messages {
			one.ID = fmt.Sprint("c-", i)
			messages[i] = one.Snapshots()
		}
		for m := range messages[0] {
			for i := range messages {
				r.tell(messages[i][m])
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Greater(t, len(messages[0]), 4)
		require.LessOrEqual(t, s.n.Load(), int64(2*conversations), "each is loaded once, to see that it is new, or if it is asked for while it is packed")
		require.Len(t, j.read(), conversations*len(storyEvents))
	})
}

func TestTwoTrackersOnOneStoreAnnounceEachEventOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		j := &journal{}
		var rigs []*rig
		for range 2 {
			hooks := events.NewHooks()
			events.After(hooks, "journal", func(_ context.Context, e events.Event) error { j.write("%s", e.Head().ID); return nil })
			rigs = append(rigs, startOn(t, s, hooks))
		}
		var told sync.WaitGroup
		for i := range 50 {
			for _, r := range rigs {
				told.Go(func() {
					s := genesystest.BlindTransferToQueue()
					s.ID = fmt.Sprint("c-", i)
					r.tell(s.Snapshots()...)
				})
			}
		}
		told.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		ids := j.read()
		slices.Sort(ids)
		require.Len(t, ids, 50*len(storyEvents))
		require.Len(t, slices.Compact(ids), 50*len(storyEvents))
	})
}
