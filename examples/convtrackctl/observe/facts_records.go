package observe

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// recordFacts are about what is read from the API.
func recordFacts() []Fact {
	return []Fact{
		{"hundred-ids", "6.1", "How many ids the multi-get takes is unknown; a hundred are asked for (U).", "a hundred records can be read by their ids at a time", hundredIDs},
		{"hundred-results", "6.5", "The largest page, 100, is said everywhere and published nowhere (U).", "a page of the details query can have 100 results", hundredResults},
		{"metric-of-watching", "6.7", "that they stand there and not on the leg that is watched is read from their names (U)", "the metrics of watching are on the leg of who watches", metricOfWatching},
		{"outcome-members", "6.9", "whose members in records are unknown: those of the detail event are taken, U", "the outcomes of a flow have the same members in records as in detail events", outcomeMembers},
		{"ring-zero", "6.9", "Whether a ring can be 0 is unknown; 0 counts as none.", "a ring of bullseye routing can be 0", ringZero},
		{"end-of-reopened", "", "Whether `conversationEnd` disappears when a conversation is re-opened; both are handled.", "the end disappears from a conversation that is re-opened", endOfReopened},
		{"live-after-end", "", "How long the live API keeps a conversation after its end; polling turns to the record when it does not.", "the live API keeps a conversation after its end", liveAfterEnd},
		{"records-in-time", "", "How far analytics lags; polling reads again, with overlaps.", "records tell what happened within ten minutes", recordsInTime},
	}
}

const hundred = 100

func hundredIDs(t *tally) detector {
	most := 0
	return detector{see: func(s *observation) {
		if s.call == nil || s.call.request.Path != recordsPath+"details" {
			return
		}
		n := 0
		for _, ids := range s.call.request.Query["id"] {
			n += len(strings.Split(ids, ","))
		}
		if most = max(most, n); n == hundred {
			if !s.call.failed {
				t.say("taken", true)
			} else if s.call.refused != nil && s.call.refused.Status == http.StatusBadRequest {
				t.say("refused", false)
			}
		}
		t.note = fmt.Sprintf("at most %d were asked for", most)
	}}
}

func hundredResults(t *tally) detector {
	taken, refused := 0, 0
	return detector{
		see: func(s *observation) {
			if s.call == nil || s.call.request.Path != recordsPath+"details/query" {
				return
			}
			var query struct {
				Paging struct{ PageSize int }
			}
			if json.Unmarshal(s.call.request.Body, &query) != nil || query.Paging.PageSize != hundred {
				return
			}
			if !s.call.failed {
				taken++
			} else if s.call.refused != nil && s.call.refused.Status == http.StatusBadRequest {
				refused++
			}
		},
		end: func(*Observer) {
			if taken > 0 || refused > 2 { // one that is refused can be so for another reason
				t.say("page", taken > 0)
			}
		},
	}
}

func metricOfWatching(t *tally) detector {
	watching := func(word string) bool {
		word = strings.ToLower(word)
		return strings.Contains(word, "monitoring") || strings.Contains(word, "coaching") || strings.Contains(word, "barging")
	}
	return detector{see: func(s *observation) {
		eachSession(s, func(_, session object) {
			watches := slices.ContainsFunc(session.objects("segments"), func(g object) bool { return watching(g.text("segmentType")) })
			for _, m := range session.objects("metrics") {
				if watching(m.text("name")) {
					t.say(session.text("sessionId"), watches)
				}
			}
		})
	}}
}

func outcomeMembers(t *tally) detector {
	return detector{see: func(s *observation) {
		eachSession(s, func(_, session object) {
			for i, o := range session.object("flow").objects("outcomes") {
				if old := o.text("flowOutcome"); old != "" && o.text("flowOutcomeId") == "" {
					continue // as in old records (protocol 7.16)
				}
				t.say(fmt.Sprint(session.text("sessionId"), i), o.text("flowOutcomeId") != "" && o.text("flowOutcomeValue") != "")
			}
		})
	}}
}

func ringZero(t *tally) detector {
	return detector{see: func(s *observation) {
		eachSession(s, func(_, session object) {
			for _, name := range []string{"routingRing", "agentBullseyeRing"} {
				if ring, is := session.number(name); is && ring == 0 {
					t.say(session.text("sessionId"), true)
				}
			}
		})
	}}
}

func endOfReopened(t *tally) detector {
	ended := map[string]time.Time{} // by conversation and mechanism
	return detector{see: func(s *observation) {
		name := map[Mechanism]string{Records: "conversationEnd", Live: "endTime"}[s.by]
		if name == "" || s.call != nil || s.body.objects("participants") == nil {
			return
		}
		key, end := s.conversation+string(s.by), s.body.time(name)
		was := ended[key]
		switch {
		case end.IsZero() && !was.IsZero():
			t.say(key, true)
		case !end.IsZero() && !was.IsZero() && goesOn(s, end):
			t.say(key, false)
		}
		if !end.IsZero() {
			ended[key] = end
		}
	}}
}

// goesOn reports whether something of the conversation began after its end and
// has not ended.
func goesOn(s *observation, end time.Time) (on bool) {
	eachSession(s, func(_, session object) {
		for _, g := range session.objects("segments") {
			on = on || g.time("segmentEnd").IsZero() && g.time("segmentStart").After(end)
		}
	})
	for _, p := range s.body.objects("participants") {
		p.legs(func(_ string, leg object) {
			on = on || leg.time("disconnectedTime").IsZero() && leg.time("connectedTime").After(end)
		})
	}
	return on
}

func liveAfterEnd(t *tally) detector {
	gone := map[string]time.Time{}
	longest := time.Duration(0)
	return detector{
		see: func(s *observation) {
			if s.by == Live && !s.body.time("endTime").IsZero() {
				if after := s.at.Sub(s.body.time("endTime")); after > time.Second {
					t.say(s.conversation, true)
					longest = max(longest, after)
					t.note = "the longest was " + Milliseconds(longest).String() + " after the end"
				}
			}
			if c := s.call; c != nil && c.refused != nil && c.refused.Status == http.StatusNotFound {
				if id, is := strings.CutPrefix(c.request.Path, livePath); is {
					gone[id] = s.at
				}
			}
		},
		end: func(o *Observer) {
			for id, at := range gone {
				c := o.conversations[id]
				if c == nil {
					continue
				}
				if record := c.pictures[Records]; record != nil && !record.RecordedEnd.IsZero() && record.RecordedEnd.Before(at) {
					t.conversation = id
					t.say(id, false)
					t.note = "one was gone " + Milliseconds(at.Sub(record.RecordedEnd)).String() + " after its end"
				}
			}
		},
	}
}

// inTime is how late a record may appear and is still found: polling.Config.Overlap
// as it is by itself.
const inTime = 10 * time.Minute

func recordsInTime(t *tally) detector {
	return detector{end: func(o *Observer) {
		for id, c := range o.conversations {
			t.conversation = id
			for m, is := range c.moments {
				if !is.happened.After(o.began) || !firesDetailEvents(is.purpose) {
					continue
				}
				if told := is.first[Records]; !told.IsZero() {
					t.say(m.session+string(m.what), told.Sub(is.happened) <= inTime)
				} else if n := len(c.reads); n > 0 && c.reads[n-1].Sub(is.happened) > inTime {
					t.say(m.session+string(m.what), false)
				}
			}
		}
		if lag := o.lag(Records); lag != nil {
			t.note = fmt.Sprintf("median %s, 99 %% within %s, as far as they were read", lag.Median, lag.P99)
		}
	}}
}
