package conversation

import (
	"cmp"
	"slices"
	"time"
)

// MediaEndpointStat says how well the audio of a leg reached one endpoint, up
// to EventTime, which tells it from others.
type MediaEndpointStat struct {
	EventTime time.Time `json:"eventTime,omitzero"`
	Codecs    []string  `json:"codecs,omitzero"`
	// MinMOS is the lowest mean opinion score, of 1 (bad) to 5, and MinRFactor
	// the lowest R factor, of 0 (bad) to 100; nil when there is none.
	MinMOS     *float64 `json:"minMos,omitzero"`
	MinRFactor *float64 `json:"minRFactor,omitzero"`

	MaxLatencyMs     int64 `json:"maxLatencyMs,omitzero"`
	ReceivedPackets  int64 `json:"receivedPackets,omitzero"`
	DiscardedPackets int64 `json:"discardedPackets,omitzero"`
	DuplicatePackets int64 `json:"duplicatePackets,omitzero"`
	InvalidPackets   int64 `json:"invalidPackets,omitzero"`
	OverrunPackets   int64 `json:"overrunPackets,omitzero"`
	UnderrunPackets  int64 `json:"underrunPackets,omitzero"`
}

func (s MediaEndpointStat) key(t MediaEndpointStat) int { return s.EventTime.Compare(t.EventTime) }

// rest puts what was counted longer over what was counted shorter: the counts
// and the latency only grow, the scores only fall.
func (s MediaEndpointStat) rest(t MediaEndpointStat) int {
	return cmp.Or(cmp.Compare(s.ReceivedPackets, t.ReceivedPackets), cmp.Compare(s.DiscardedPackets, t.DiscardedPackets),
		cmp.Compare(s.DuplicatePackets, t.DuplicatePackets), cmp.Compare(s.InvalidPackets, t.InvalidPackets),
		cmp.Compare(s.OverrunPackets, t.OverrunPackets), cmp.Compare(s.UnderrunPackets, t.UnderrunPackets),
		cmp.Compare(s.MaxLatencyMs, t.MaxLatencyMs), compareFallen(s.MinMOS, t.MinMOS), compareFallen(s.MinRFactor, t.MinRFactor),
		slices.Compare(s.Codecs, t.Codecs))
}

// compareFallen orders scores that only fall: the lower one above, absent ones
// below.
func compareFallen(a, b *float64) int {
	if a == nil || b == nil {
		return compareScores(a, b)
	}
	return cmp.Compare(*b, *a)
}

var packedEndpointStat = packed[MediaEndpointStat]{
	func(b []byte, s MediaEndpointStat) []byte {
		b = appendAll(b, s.Codecs, packedText[string]().append)
		for _, score := range []*float64{s.MinMOS, s.MinRFactor} {
			if b = packedFlag.append(b, score != nil); score != nil {
				b = packedScore.append(b, score)
			}
		}
		return appendParts(b, []time.Time{s.EventTime}, nil, []int64{s.MaxLatencyMs, s.ReceivedPackets, s.DiscardedPackets,
			s.DuplicatePackets, s.InvalidPackets, s.OverrunPackets, s.UnderrunPackets})
	},
	func(r *reader) (s MediaEndpointStat) {
		s.Codecs = readAll(r, packedText[string]().read)
		for _, score := range []**float64{&s.MinMOS, &s.MinRFactor} {
			if packedFlag.read(r) {
				*score = packedScore.read(r)
			}
		}
		readParts(r, []*time.Time{&s.EventTime}, nil, []*int64{&s.MaxLatencyMs, &s.ReceivedPackets, &s.DiscardedPackets,
			&s.DuplicatePackets, &s.InvalidPackets, &s.OverrunPackets, &s.UnderrunPackets})
		return s
	},
}
