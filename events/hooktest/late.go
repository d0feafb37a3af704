package hooktest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// readAfter is how long after it happened the record is read.
const readAfter = 30 * time.Minute

// late is what the record says of surveys and evaluations, read after each of
// their changes that comes after the others.
func late(s *genesystest.Story, after time.Duration) (all []message) {
	var changes []time.Duration
	for _, v := range s.Surveys {
		changes = append(changes, v.Sent, v.Completed, v.Expired, v.Failed)
	}
	for _, e := range s.Evaluations {
		changes = append(changes, e.Assigned, e.Started, e.Finished, e.Reopened, e.Rescored, e.Released, e.Read, e.Deleted)
	}
	slices.Sort(changes)
	for _, at := range slices.Compact(changes) {
		if at >= 0 {
			at = max(at+readAfter, after)
			data, _ := json.Marshal(s.Record(at)) // text, numbers and lists
			all = append(all, message{at, data})
		}
	}
	return all
}
