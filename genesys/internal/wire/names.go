package wire

import "errors"

// errTwice is what a reader returns for a name that occurs twice in an object,
// or may do so.
var errTwice = errors.New("a name occurs twice")

// place is a part of the document.
type place struct{ begin, end int }

// names are those of an object's members.
type names struct {
	begin int       // in what the reader has seen
	marks [4]uint64 // a bit for many names each: where it is not set, the name is a new one
}

// mostNames is how many names an object may have: each may have to be compared
// with all before it.
const mostNames = 128

// add adds the name that was just read. It returns false when the name was
// there before, or is written in a way that others may be the same as, or when
// there are too many.
func (n *names) add(r *reader, name []byte) bool {
	this := place{r.plain.named, r.plain.named + len(name)}
	if len(name) == 0 || &r.plain.data[this.begin] != &name[0] || len(r.seen)-n.begin >= mostNames {
		return false
	}
	mark := byte(len(name))*31 + name[0]*7 + name[len(name)/2]*3 + name[len(name)-1]
	bits, bit := &n.marks[mark/64], uint64(1)<<(mark%64)
	if *bits&bit != 0 {
		for _, other := range r.seen[n.begin:] {
			if string(r.plain.data[other.begin:other.end]) == string(name) {
				return false
			}
		}
	}
	*bits |= bit
	r.seen = append(r.seen, this)
	return true
}
