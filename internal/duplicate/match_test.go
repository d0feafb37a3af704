package duplicate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/conversation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func read(content string, ms int) conversation.Fingerprint {
	f := conversation.Fingerprint{Seen: noon.Add(time.Duration(ms) * time.Millisecond)}
	copy(f.Sum[:], content)
	return f
}

// found plays messages that this process has heard (h), and that the owner has
// announced (a), and returns which of the first ones are left out, by their place.
func found(said ...any) (places []int) { return foundBut(nil, said...) }

// foundBut is the same where some of the first ones are deposited at once.
func foundBut(deposits []bool, said ...any) (places []int) {
	t, all := &talk{}, []*heard(nil)
	for _, x := range said {
		switch x := x.(type) {
		case h:
			m := &heard{Fingerprint: read(x.content, x.ms), owner: &owner{}, at: noon, over: make(chan struct{})}
			all, t.heard = append(all, m), append(t.heard, m)
			if i := len(all) - 1; i < len(deposits) && deposits[i] {
				t.deposit(m.read())
			}
		case a:
			t.announce(announced{Fingerprint: read(x.content, x.ms), at: noon})
		}
		t.match(noon)
	}
	for i, m := range all {
		switch {
		case i < len(deposits) && deposits[i]:
		case t.covers(m):
			places = append(places, i)
		default:
			t.deposit(m.read())
		}
	}
	return places
}

type (
	h struct {
		content string
		ms      int
	}
	a h
)

func TestAMessageIsFoundThatTheOwnerHasReadAtAboutTheSameTime(t *testing.T) {
	require.Equal(t, []int{0}, found(h{"x", 0}, a{"x", 5}))
	require.Equal(t, []int{0}, found(a{"x", 5}, h{"x", 0}), "the owner was faster")
	require.Empty(t, found(h{"x", 0}, a{"x", 251}))
	require.Empty(t, found(h{"x", 0}, a{"y", 0}))
}

func TestAnAnnouncementIsForOneMessage(t *testing.T) {
	require.Equal(t, []int{0}, found(h{"x", 0}, h{"x", 1}, a{"x", 0}))
	require.Equal(t, []int{0, 1}, found(h{"x", 0}, h{"x", 1}, a{"x", 0}, a{"x", 1}))
}

// Held, not held, held again: the third is not the first.
func TestAnEarlierMessageOfTheSameContentIsNotALaterOne(t *testing.T) {
	require.Equal(t, []int{0}, found(h{"x", 0}, a{"x", 0}, h{"y", 10}, h{"x", 20}), "the owner has missed two")
	require.Empty(t, found(h{"y", 10}, h{"x", 20}, a{"x", 0}), "each has missed what the other has heard")
	require.Empty(t, found(a{"x", 0}, a{"y", 10}, h{"x", 20}), "this process has missed the first two, the owner the third")
	require.Empty(t, found(h{"x", 300}, a{"x", 0}, a{"y", 10}))
	require.Equal(t, []int{2}, found(h{"y", 100}, h{"x", 200}, a{"x", 0}, a{"z", 400}, h{"z", 400}), "the second one is long past when the last one comes")
	require.Equal(t, []int{0, 1}, found(h{"x", 0}, h{"y", 10}, a{"x", 1}, a{"y", 11}))
	require.Equal(t, []int{0, 1}, found(a{"y", 11}, a{"x", 1}, h{"x", 0}, h{"y", 10}), "announced in another order than read")
}

// See the package's documentation: only time tells the first one from the third.
func TestWhatBothHaveMissedWithinAMomentIsNotNoticed(t *testing.T) {
	require.Equal(t, []int{0}, found(a{"x", 0}, h{"x", 250}, a{"y", 100}))
	require.Empty(t, found(a{"x", 0}, h{"x", 251}, a{"y", 100}))
}

func TestAMessageThatTheOwnerHasMissedHoldsUpTheNextOnesForAMomentOnly(t *testing.T) {
	require.Empty(t, found(h{"x", 0}, h{"y", 100}, a{"y", 100}), "it might be an earlier one of that content")
	require.Equal(t, []int{1}, found(h{"x", 0}, h{"y", 300}, a{"y", 300}))
}

// message is one of a conversation, and who hears it.
type message struct {
	content      string
	ms           int
	mine, theirs bool
}

// draw draws messages that are read at least so many milliseconds after each
// other.
func draw(t *rapid.T, leastPause int) (all []message) {
	ms := 0
	for range 6 {
		ms += leastPause + rapid.IntRange(0, 150).Draw(t, "pause")
		all = append(all, message{content: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content"), ms: ms, mine: true, theirs: true})
	}
	return all
}

// play plays them, and demands that what is known in the end is what all of them
// say that somebody has heard: the last content. Known is what the owner has
// heard, and what was not found and so deposited. It returns how many were found.
func play(t *rapid.T, all []message) int {
	var said []any
	for _, m := range all {
		both := []any{h{m.content, m.ms}, a{m.content, m.ms + rapid.IntRange(0, 3).Draw(t, "later")}}
		if !m.theirs {
			both = both[:1]
		}
		if !m.mine {
			both = both[1:]
		}
		if len(both) == 2 && rapid.Bool().Draw(t, "the owner is faster") {
			slices.Reverse(both)
		}
		said = append(said, both...)
	}
	places := found(said...)
	want, is, mine := "", "", 0
	for _, m := range all {
		if m.mine || m.theirs {
			want = m.content
		}
		if m.theirs || m.mine && !slices.Contains(places, mine) {
			is = m.content
		}
		if m.mine {
			mine++
		}
	}
	require.Equal(t, want, is, fmt.Sprint(all, places))
	return len(places)
}

func TestNothingIsMissingAtAnyPaceWhenOneProcessFails(t *testing.T) {
	total := 0
	rapid.Check(t, func(t *rapid.T) {
		all := draw(t, 1)
		ownerFails := rapid.Bool().Draw(t, "the owner fails")
		for i := range all {
			hears := rapid.Bool().Draw(t, "it hears that")
			all[i].mine, all[i].theirs = hears || ownerFails, hears || !ownerFails
		}
		total += play(t, all)
	})
	require.Positive(t, total)
}

func TestNothingIsMissingWhoeverHasMissedWhatWhenMessagesAreApart(t *testing.T) {
	total := 0
	rapid.Check(t, func(t *rapid.T) {
		all := draw(t, int(sameMoment.Milliseconds())+4)
		for i := range all {
			all[i].mine, all[i].theirs = rapid.IntRange(0, 3).Draw(t, "heard") > 0, rapid.IntRange(0, 3).Draw(t, "by the owner") > 0
		}
		total += play(t, all)
	})
	require.Positive(t, total)
}
