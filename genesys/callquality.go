package genesys

import (
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// endpointStats are the statistics of a leg's audio, one for each endpoint and
// time.
func endpointStats(list []wire.MediaEndpointStat) conversation.List[conversation.MediaEndpointStat] {
	var stats []conversation.MediaEndpointStat
	for i := range list {
		s := &list[i]
		if wire.Empty(s) {
			continue
		}
		stats = append(stats, conversation.MediaEndpointStat{
			EventTime: s.EventTime.Time, Codecs: s.Codecs, MinMOS: s.MinMOS.Value, MinRFactor: s.MinRFactor.Value,
			MaxLatencyMs: milliseconds(s.MaxLatencyMs), ReceivedPackets: int64(s.ReceivedPackets), DiscardedPackets: int64(s.DiscardedPackets),
			DuplicatePackets: int64(s.DuplicatePackets), InvalidPackets: int64(s.InvalidPackets),
			OverrunPackets: int64(s.OverrunPackets), UnderrunPackets: int64(s.UnderrunPackets),
		})
	}
	return conversation.ListOf(stats...)
}
