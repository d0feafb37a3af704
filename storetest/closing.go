package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func closing(rule define) {
	rule("a store may be closed twice", func(t *trial) {
		t.ok("Close", t.store.Close())
		t.ok("Close again", t.store.Close())
	})

	rule("every method of a closed store says that it is closed", func(t *trial) {
		before := t.inhabited()
		t.ok("Close", t.store.Close())
		for method, err := range everyMethod(t.ctx, t.store, before) {
			if !errors.Is(err, store.ErrClosed) {
				t.Errorf("%s returned the error %v", method, err)
			}
		}
	})

	rule("a store that is closed while it is used lets go of everybody", func(t *trial) {
		t.laneOf("c", 1, "hook")
		t.together(4, func(i int) error {
			if i == 0 {
				time.Sleep(short / 4)
				return t.store.Close()
			}
			for n := 0; ; n++ {
				id := fmt.Sprintf("c-%d-%d", i, n)
				_, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{created(id, event(id, 1, "hook"))}})
				if errors.Is(err, store.ErrClosed) {
					return nil
				}
				if t.ctx.Err() != nil {
					return fmt.Errorf("the store does not say that it is closed; Commit returned the error %w", err)
				}
			}
		})
	})

	rule("a store that is closed lets go of those who wait for their inbox", func(t *trial) {
		t.together(3, func(i int) error {
			if i == 0 {
				time.Sleep(short)
				return t.store.Close()
			}
			for {
				err := t.store.Await(t.ctx, "me")
				if errors.Is(err, store.ErrClosed) {
					return nil
				}
				if err != nil {
					return fmt.Errorf("the store does not say that it is closed; Await returned the error %w", err)
				}
				_, err = t.store.Inbox(t.ctx, store.InboxQuery{Owner: "me", Limit: 1})
				if err != nil && !errors.Is(err, store.ErrClosed) {
					return err
				}
			}
		})
	})
}
