package convtrack

// Stats are counts since the tracker was made, and present levels. Export them
// to whatever system you watch.
type Stats struct {
	Commits      int64            // transactions asked of the store
	Changes      int64            // changes of conversations that were written
	Conflicts    int64            // changes that lost a race and were made again
	StoreErrors  int64            // calls of the store that failed and were repeated
	Events       map[string]int64 // announced, by type
	Vetoed       int64            // conversations that a Before hook did not want
	BeforeFailed int64            // failed tries of Before hooks
	Delivered    int64            // deliveries to After hooks that were done
	AfterFailed  int64            // failed tries of After hooks
	Failed       int64            // changes and deliveries that have failed for good
	Gaps         int64            // times in which a source was blind
	Losses       int64            // times that could not be read from the API: Gap.Lost

	Pending    int // partial conversations that are accepted and not yet stored
	Deliveries int // deliveries that are held in memory
}

// Stats returns the present counts.
func (t *Tracker) Stats() Stats {
	e := t.engine
	committed, delivered := &e.Committer.Counters, &e.Outbox.Counters
	return Stats{
		Commits: e.Store.Commits.Load(), StoreErrors: e.Store.Errors.Load(),
		Changes: committed.Changes.Load(), Conflicts: committed.Conflicts.Load(), BeforeFailed: committed.BeforeFailed.Load(),
		Events: e.Announced.ByType(), Vetoed: e.Announced.Vetoed.Load(),
		Delivered: delivered.Delivered.Load(), AfterFailed: delivered.Failed.Load(),
		Failed: committed.Refused.Load() + delivered.ForGood.Load(),
		Gaps:   t.gaps.Load(), Losses: t.losses.Load(),
		Pending: e.Lanes.Pending(), Deliveries: e.Outbox.Held(),
	}
}
