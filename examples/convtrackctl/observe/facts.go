package observe

import (
	"fmt"
	"slices"
	"time"
)

// Fact is something that genesys/PROTOCOL.md does not know for sure (grade U).
type Fact struct {
	ID      string
	Section string // of PROTOCOL.md; empty: its last section
	// Quote is where PROTOCOL.md says so, word for word.
	Quote string
	// Statement is what is looked for. Where PROTOCOL.md presumes something it is
	// that; where it leaves a question open it is one of the answers.
	Statement string

	open func(*tally) detector
}

// Facts are those that a listener can see, in the order of PROTOCOL.md.
func Facts() []Fact {
	return slices.Concat(notificationFacts(), detailFacts(), recordFacts(), callFacts(), customerFacts())
}

// detector looks for a fact.
type detector struct {
	see func(*observation) // at each thing that is said; nil: at none
	end func(*Observer)    // at the whole, before the report; nil: not at all
}

// tally counts the cases of a fact.
type tally struct {
	cases         map[string]bool // whether the statement holds, by what the case is
	conversations map[string]bool // with cases
	conversation  string          // that is looked at
	note          string          // words and figures, nothing of people
}

// say notes a case. That the statement does not hold in it stays.
func (t *tally) say(key string, holds bool) {
	if t.cases == nil {
		t.cases = map[string]bool{}
	}
	was, known := t.cases[key]
	t.cases[key] = holds && (was || !known)
	if t.conversation != "" {
		t.conversations[t.conversation] = true
	}
}

// The verdicts.
const (
	Seen         = "seen"
	Contradicted = "contradicted"
	NotSeen      = "not seen"
)

// Finding is what was seen of a fact.
type Finding struct {
	ID        string `json:"id"`
	Section   string `json:"section,omitzero"`
	Statement string `json:"statement"`
	Verdict   string `json:"verdict"`
	Cases     int    `json:"cases"`   // in which it could be seen
	Against   int    `json:"against"` // of them, in which it does not hold
	Note      string `json:"note,omitzero"`
}

// running is a detector at work.
type running struct {
	fact  Fact
	tally *tally
	detector
}

func (r running) finding(o *Observer, _ time.Time) Finding {
	if r.end != nil {
		r.end(o)
	}
	f := Finding{ID: r.fact.ID, Section: r.fact.Section, Statement: r.fact.Statement, Cases: len(r.tally.cases), Note: r.tally.note}
	for _, holds := range r.tally.cases {
		if !holds {
			f.Against++
		}
	}
	switch {
	case f.Against > 0:
		f.Verdict = Contradicted
	case f.Cases > 0:
		f.Verdict = Seen
	default:
		f.Verdict = NotSeen
	}
	return f
}

// Says is the finding in a sentence; of so many conversations.
func (f Finding) Says(conversations int) string {
	switch f.Verdict {
	case Seen:
		return fmt.Sprintf("seen, in %s", counted(f.Cases, "case"))
	case Contradicted:
		return fmt.Sprintf("contradicted, in %d of %s", f.Against, counted(f.Cases, "case"))
	}
	return fmt.Sprintf("not seen in %s", counted(conversations, "conversation"))
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
