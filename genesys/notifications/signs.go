package notifications

import (
	"encoding/hex"
	"errors"
	"hash/fnv"
	"math/bits"
	"slices"
	"strconv"
	"time"
)

// partitions is the number of parts into which the topics are divided. One process
// is responsible for a partition, and until when topics were heard is recorded for
// the partition as a whole: there can be many thousands of topics.
const partitions = 256

// partitionOf returns the partition of a topic.
func partitionOf(topic string) int { return int(hashed(topic) % partitions) }

func hashed(topic string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(topic))
	return h.Sum32()
}

// partitionKey is the key by which a partition is assigned to a process.
func partitionKey(p int) string { return "topics/" + strconv.Itoa(p) }

// partitionSet is a set of partitions.
type partitionSet [partitions / 8]byte

func (s *partitionSet) add(p int)      { s[p/8] |= 1 << (p % 8) }
func (s *partitionSet) remove(p int)   { s[p/8] &^= 1 << (p % 8) }
func (s *partitionSet) has(p int) bool { return s[p/8]&(1<<(p%8)) != 0 }

func (s *partitionSet) len() (n int) {
	for _, b := range s {
		n += bits.OnesCount8(b)
	}
	return n
}

// MarshalText implements encoding.TextMarshaler.
func (s partitionSet) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *partitionSet) UnmarshalText(text []byte) error {
	if len(text) != 2*len(s) {
		return errors.New("not a set of partitions")
	}
	_, err := hex.Decode(s[:], text)
	return err
}

// sign is a sign of life: a process heard all topics of these partitions until
// then.
type sign struct {
	Owner      string       `json:"owner"`
	At         time.Time    `json:"at"`
	Partitions partitionSet `json:"partitions"`
	// Own are those of them that the process was responsible for; the others it goes
	// on listening to only until somebody else does.
	Own partitionSet `json:"own,omitzero"`
	selection
}

// selection is what is known of the topics that a process shares with its peers: a
// checksum of their names, and when whom to follow was last looked up; zero when
// nobody is followed.
type selection struct {
	Topics uint32    `json:"topics,omitzero"`
	Looked time.Time `json:"looked,omitzero"`
}

// selected returns the checksum of topics, whatever their order.
func selected(topics []string) (sum uint32) {
	for _, name := range topics {
		sum ^= hashed(name)
	}
	return sum
}

// missed returns what was missed of the sign's partitions after it by a process that
// selects topics: those that only this one has found may have existed since the
// other's last lookup.
func (is sign) missed(by selection) blindness {
	missed := blindness{true, is.until()}
	if is.Topics != by.Topics && !is.Looked.IsZero() {
		missed = missed.and(blindness{true, is.Looked})
	}
	return missed
}

// until returns until when the partitions were certainly heard. A sign from the future
// is of a clock that was ahead, by up to clockSkew.
func (is sign) until() time.Time {
	if is.At.After(time.Now()) {
		return is.At.Add(-clockSkew)
	}
	return is.At
}

// signs are the signs of life of all processes. A process has several when it no
// longer hears some of its topics.
type signs []sign

// latest returns the time of the latest sign of life for a partition, of the
// processes that count; zero when there is none.
func (s signs) latest(p int, counts func(owner string) bool) time.Time { return s.last(p, counts).At }

// last returns the latest sign of life for a partition, of the processes that count.
func (s signs) last(p int, counts func(owner string) bool) (last sign) {
	for _, is := range s {
		if is.Partitions.has(p) && is.At.After(last.At) && counts(is.Owner) {
			last = is
		}
	}
	return last
}

// believed leaves out signs of life from the future: the clock of their process was
// ahead, so they do not say when topics were heard.
func (s signs) believed(now time.Time) signs {
	return slices.DeleteFunc(s, func(is sign) bool { return is.At.After(now.Add(clockSkew)) })
}

func anybody(string) bool { return true }

// responsible reports whether one of the processes that count is responsible for a
// partition and has heard it since.
func (s signs) responsible(p int, since time.Time, counts func(owner string) bool) bool {
	return slices.ContainsFunc(s, func(is sign) bool {
		return is.Partitions.has(p) && is.Own.has(p) && is.At.After(since) && counts(is.Owner)
	})
}

// record adds a new sign of life. Earlier ones of the same process remain for the
// partitions that the new one leaves out: they are not heard any more.
func (s signs) record(is sign) signs {
	kept := s[:0]
	for _, old := range s {
		if old.Owner == is.Owner {
			old.Partitions = old.Partitions.without(is.Partitions)
		}
		if old.Partitions.len() > 0 {
			kept = append(kept, old)
		}
	}
	if is.Partitions.len() > 0 {
		kept = append(kept, is)
	}
	return kept
}

// lower moves the signs of life of a process for a partition back: it has turned out
// that it heard only until then.
func (s signs) lower(owner string, p int, until time.Time) signs {
	for i := range s {
		if s[i].Owner != owner || !s[i].Partitions.has(p) || !s[i].At.After(until) {
			continue
		}
		s[i].Partitions.remove(p)
		is := sign{Owner: owner, At: until, selection: s[i].selection}
		at := slices.IndexFunc(s, func(o sign) bool { return o.Owner == owner && o.At.Equal(until) && o.Topics == is.Topics })
		if at < 0 {
			s, at = append(s, is), len(s)
		}
		s[at].Partitions.add(p)
	}
	return s
}

// prune forgets signs of life of processes that are not among those to keep, for
// partitions that somebody has heard later.
func (s signs) prune(keep func(owner string) bool) signs {
	for i := range s {
		if keep(s[i].Owner) {
			continue
		}
		for p := range partitions {
			if s[i].Partitions.has(p) && s.latest(p, anybody).After(s[i].At) {
				s[i].Partitions.remove(p)
			}
		}
	}
	return slices.DeleteFunc(s, func(is sign) bool { return is.Partitions.len() == 0 })
}

func (s partitionSet) with(other partitionSet) partitionSet {
	for i := range s {
		s[i] |= other[i]
	}
	return s
}

func (s partitionSet) without(other partitionSet) partitionSet {
	for i := range s {
		s[i] &^= other[i]
	}
	return s
}
