package conversation

import (
	"cmp"
	"strings"
)

// A text can belong to an id beside it: the name of a queue to the queue's id. Some
// messages have both, others the id alone. So the newest id can be another one than
// that with which the newest text was said, and then the text says something of what
// is not there any more: it is not shown. It is kept all the same, as Merge joins
// what was said: an id that comes back has its text again.

// attributedText is a text, and the id that it was said of.
type attributedText struct{ text, id string }

// belonging is a text of an entity that belongs to an id of it.
type belonging[E any] struct {
	text, id func(*E) *string // as they are shown
	// hidden is what was said of another id than the one that is shown. It is not
	// written to: others share it.
	hidden func(*E) **attributedText
}

// said returns what was said, shown or not.
func (b *belonging[E]) said(e *E) attributedText {
	if h := *b.hidden(e); h != nil {
		return *h
	}
	if text := *b.text(e); text != "" {
		return attributedText{text, *b.id(e)}
	}
	return attributedText{}
}

// put gives e what was said: it is shown if it belongs to the id that e has.
func (b *belonging[E]) put(e *E, said attributedText) {
	if said.text == "" || said.id == *b.id(e) {
		*b.text(e), *b.hidden(e) = said.text, nil
		return
	}
	kept := said // said itself stays on the stack
	*b.text(e), *b.hidden(e) = "", &kept
}

func (b *belonging[E]) compare(x, y *E) int {
	if *b.hidden(x) == nil && *b.hidden(y) == nil && *b.text(x) == *b.text(y) && (*b.text(x) == "" || *b.id(x) == *b.id(y)) { // mostly
		return 0
	}
	s, t := b.said(x), b.said(y)
	return cmp.Or(cmp.Compare(s.text, t.text), cmp.Compare(s.id, t.id))
}

// textOf is a text that belongs to an id, the field of which identifies it.
func textOf[E any](name string, r rule, b *belonging[E]) Field[E] {
	f := text(name, r, b.text)
	f.absent = f.zero
	f.zero = func(e *E) bool { return *b.text(e) == "" && *b.hidden(e) == nil }
	f.shown, f.compare = f.compare, b.compare
	f.copy = func(dst, src *E) { b.put(dst, b.said(src)) }
	f.erase = func(e *E) { b.put(e, attributedText{}) }
	f.pack = func(p []byte, e *E) []byte {
		said := b.said(e)
		if *b.hidden(e) != nil || strings.IndexByte(said.text, 0) >= 0 {
			return appendText(p, said.text+"\x00"+said.id)
		}
		return appendText(p, said.text)
	}
	f.unpack = func(e *E, r *reader) { // the id is there: its place is before this one
		text := r.text()
		if i := strings.LastIndexByte(text, 0); i >= 0 {
			b.put(e, attributedText{text[:i], text[i+1:]})
			return
		}
		*b.text(e) = text
	}
	return f
}

// mostTexts is how many texts belong to one id at most.
const mostTexts = 2

// identifying is the field of an id to which texts belong.
func identifying[E any](f Field[E], texts ...*belonging[E]) Field[E] {
	set, erase := f.copy, f.erase
	said := func(e *E) (all [mostTexts]attributedText) {
		for i, b := range texts {
			all[i] = b.said(e)
		}
		return all
	}
	put := func(e *E, all [mostTexts]attributedText) {
		for i, b := range texts {
			b.put(e, all[i])
		}
	}
	f.copy = func(dst, src *E) {
		all := said(dst)
		set(dst, src)
		put(dst, all)
	}
	f.erase = func(e *E) {
		all := said(e)
		erase(e)
		put(e, all)
	}
	return f
}

// hides reports whether e has a text that it does not show.
func hides[E any](e *E, texts []*belonging[E]) bool {
	for _, b := range texts {
		if *b.hidden(e) != nil {
			return true
		}
	}
	return false
}

// appendHidden appends the texts that e does not show.
func appendHidden[E any](p []byte, e *E, texts []*belonging[E]) []byte {
	for _, b := range texts {
		said := attributedText{}
		if h := *b.hidden(e); h != nil {
			said = *h
		}
		p = appendText(appendText(p, said.text), said.id)
	}
	return p
}

// readHidden reads what appendHidden has appended.
func readHidden[E any](r *reader, e *E, texts []*belonging[E]) {
	if r.whole == "" {
		r.whole = string(r.rest)
	}
	for _, b := range texts {
		if said := (attributedText{r.text(), r.text()}); said.text != "" {
			*b.hidden(e) = &said
		}
	}
}
