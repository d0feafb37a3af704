package observe

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Difference is a field that two mechanisms state, and state differently.
type Difference struct {
	Field    string       `json:"field"`
	Between  [2]Mechanism `json:"between"`
	Compared int          `json:"compared"`
	Differ   int          `json:"differ"`
	// Words are what they say, with how often, where those are words of Genesys;
	// ids and addresses are only compared.
	Words map[string]int `json:"words,omitzero"`
	// Most is how far apart times are, at most; those within a second do not count
	// as different.
	Most          Milliseconds `json:"mostMs,omitzero"`
	Conversations []int        `json:"conversations"`
}

// sameTime is how far apart two statements of one time may be: legs that one act
// ends lie milliseconds apart, and so do records (protocol 6.3, 7.8).
const sameTime = time.Second

// value is what a mechanism says in a field: a word, something that is only
// compared, or a time.
type value struct {
	field  string
	word   string
	hidden string
	time   time.Time
}

// values are those of a leg that do not change any more, or of the conversation,
// which a mechanism states itself: what follows from other fields is left out.
func values(by Mechanism, c *conversation.Conversation) map[string][]value {
	start, direction := c.Start, c.OriginatingDirection
	details := by == DetailEvents || by == Queue
	if by == Snapshots || details {
		start = time.Time{}
	}
	if details {
		direction = ""
	}
	all := map[string][]value{"": {
		{field: "originatingDirection", word: string(direction)}, {field: "conversationStart", time: start}, {field: "conversationEnd", time: c.RecordedEnd},
	}}
	if customer, known := c.Customer(); known && by != DetailEvents { // which may have heard of the last one alone
		all[""] = append(all[""], value{field: "the customer's address", hidden: customer.Address})
	}
	for _, l := range c.Legs() {
		if l.Flattened {
			continue
		}
		p, s := l.Participant, l.Session
		start, purpose := l.Start, p.Purpose
		if details { // their topic tells the role alone (protocol 3.4)
			purpose = ""
		}
		if by == Snapshots || by == Live || by == DetailEvents { // they do not say it, or did not hear it
			start = time.Time{}
		}
		of := []value{{field: "purpose", word: string(purpose)}, {field: "userId", hidden: p.UserID}, {field: "mediaType", word: string(s.MediaType)},
			{field: "direction", word: string(s.Direction)}, {field: "start of a leg", time: start}}
		if l.Side == conversation.AgentSide && !l.Supervises {
			of = append(of, value{field: "answer of a leg", time: l.Connected})
		}
		if (l.Side == conversation.AgentSide || p.Purpose == conversation.PurposeACD) && len(p.Sessions) == 1 { // records gather sessions of several queues (trap 7)
			of = append(of, value{field: "queueId", hidden: p.QueueID})
		}
		if l.Over {
			of = append(of, value{field: "end of a leg", time: l.End}, value{field: "disconnectType", word: string(s.DisconnectType)})
		}
		of = append(of, value{field: "end of after-call work", time: l.WrapUpEnd})
		all[s.ID] = of
	}
	return all
}

// differences compares the pictures of each conversation, two by two.
func (o *Observer) differences() []Difference {
	type key struct {
		field string
		a, b  Mechanism
	}
	found := map[key]*Difference{}
	for _, id := range o.order {
		c := o.conversations[id]
		pictures := map[Mechanism]map[string][]value{}
		for m, p := range c.pictures {
			pictures[m] = values(m, p)
		}
		for i, a := range Mechanisms() {
			for _, b := range Mechanisms()[i+1:] {
				for of, said := range pictures[a] {
					for _, x := range said {
						y := x.in(pictures[b][of])
						if y == nil || x.empty() || y.empty() {
							continue
						}
						k := key{x.field, a, b}
						if found[k] == nil {
							found[k] = &Difference{Field: x.field, Between: [2]Mechanism{a, b}}
						}
						found[k].add(x, *y, c.number)
					}
				}
			}
		}
	}
	var all []Difference
	for _, d := range found {
		if d.Differ > 0 {
			all = append(all, *d)
		}
	}
	slices.SortFunc(all, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Field, y.Field), cmp.Compare(x.Between[0], y.Between[0]), cmp.Compare(x.Between[1], y.Between[1]))
	})
	return all
}

func (v value) empty() bool { return v.word == "" && v.hidden == "" && v.time.IsZero() }

func (v value) in(all []value) *value {
	i := slices.IndexFunc(all, func(x value) bool { return x.field == v.field })
	if i < 0 {
		return nil
	}
	return &all[i]
}

func (d *Difference) add(a, b value, conversation int) {
	d.Compared++
	apart := a.time.Sub(b.time).Abs()
	if a.word == b.word && a.hidden == b.hidden && apart <= sameTime {
		return
	}
	d.Differ++
	d.Most = max(d.Most, Milliseconds(apart))
	if a.word != b.word {
		if d.Words == nil {
			d.Words = map[string]int{}
		}
		d.Words[word(a.word)+" / "+word(b.word)]++
	}
	if len(d.Conversations) < mostExamples && !slices.Contains(d.Conversations, conversation) {
		d.Conversations = append(d.Conversations, conversation)
	}
}

// words of Genesys are letters, with dots and lines.
var words = regexp.MustCompile(`^[A-Za-z][A-Za-z._-]{0,39}$`)

// word returns a word of Genesys's; what is none is not shown.
func word(w string) string {
	switch {
	case w == "":
		return "nothing"
	case words.MatchString(w):
		return w
	}
	return "something else"
}
