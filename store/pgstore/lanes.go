package pgstore

// lanes are the hooks and conversations whose deliveries have changed, each
// with the event of the delivery.
type lanes struct {
	conversations, hooks []string
	seqs                 []int64
	finishedBy           []string // the owners that are done with the deliveries; empty for others
	failed               bool     // some may be blocked there
}

// event is a place in the log.
type event struct {
	conversation string
	seq          int64
}

func (l *lanes) add(r *row) error {
	l.note(r.string(), r.string(), r.integer(), r.string())
	l.failed = r.bool() || l.failed
	return nil
}

func (l *lanes) note(conversation, hook string, seq int64, finishedBy string) {
	l.conversations, l.hooks, l.seqs, l.finishedBy = append(l.conversations, conversation), append(l.hooks, hook), append(l.seqs, seq), append(l.finishedBy, finishedBy)
}

// finished reports whether the delivery of the event to the hook is among them,
// and the owner is the one that is done with it.
func (l *lanes) finished(e event, hook, owner string) bool {
	for i := range l.hooks {
		if l.hooks[i] == hook && l.seqs[i] == e.seq && l.conversations[i] == e.conversation && l.finishedBy[i] == owner {
			return true
		}
	}
	return false
}

// addReady adds the question whether one of the lanes can go on.
func (l *lanes) addReady(s *statements, p *pipeline, ready *bool) {
	if len(l.hooks) == 0 {
		return
	}
	x := s.ready
	if l.failed {
		x = s.refresh
	}
	p.read(scanBool(ready), x, l.args()...)
}

func (l *lanes) args() []argument { return args(textsOf(l.conversations), textsOf(l.hooks)) }

func scanBool(to *bool) func(*row) error {
	return func(r *row) error {
		*to = r.bool()
		return nil
	}
}
