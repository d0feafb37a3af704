package conversation

import (
	"cmp"
	"time"
)

// Resolution says whether the customer's matter was settled by one agent's
// part: whether the next contact was avoided. It is told from others by its
// time, queue and user.
type Resolution struct {
	QueueID            string    `json:"queueId,omitzero"`
	UserID             string    `json:"userId,omitzero"`
	EventTime          time.Time `json:"eventTime,omitzero"`
	NextContactAvoided int64     `json:"nNextContactAvoided"` // a count; 0 when the customer came back
}

func (x Resolution) key(y Resolution) int {
	return cmp.Or(x.EventTime.Compare(y.EventTime), cmp.Compare(x.QueueID, y.QueueID), cmp.Compare(x.UserID, y.UserID))
}

// rest decides within one message: that the customer came back is the surer word.
func (x Resolution) rest(y Resolution) int {
	return cmp.Compare(y.NextContactAvoided, x.NextContactAvoided)
}

var packedResolution = packed[Resolution]{
	func(b []byte, x Resolution) []byte {
		return appendParts(b, []time.Time{x.EventTime}, []string{x.QueueID, x.UserID}, []int64{x.NextContactAvoided})
	},
	func(r *reader) (x Resolution) {
		readParts(r, []*time.Time{&x.EventTime}, []*string{&x.QueueID, &x.UserID}, []*int64{&x.NextContactAvoided})
		return x
	},
}
