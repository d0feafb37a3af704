package genesystest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// detailsQuery is the body of a details query or of a details job.
type detailsQuery struct {
	Interval string `json:"interval"`
	Order    string `json:"order"`
	OrderBy  string `json:"orderBy"`
	Paging   struct {
		PageSize   int `json:"pageSize"`
		PageNumber int `json:"pageNumber"`
	} `json:"paging"`
	ConversationFilters []filter `json:"conversationFilters"`
	SegmentFilters      []filter `json:"segmentFilters"`
	EvaluationFilters   []filter `json:"evaluationFilters"`
	SurveyFilters       []filter `json:"surveyFilters"`

	Limit                      int  `json:"limit"`                      // of a job
	StartOfDayIntervalMatching bool `json:"startOfDayIntervalMatching"` // of a job

	from, to time.Time
}

// parseDetailsQuery reads a query, and refuses it where the platform would.
func (s *Server) parseDetailsQuery(r *http.Request) (*detailsQuery, *answer) {
	q := &detailsQuery{}
	refused := func(message string) (*detailsQuery, *answer) {
		a := badRequest(message)
		return nil, &a
	}
	if err := json.NewDecoder(r.Body).Decode(q); err != nil {
		return refused("The body is not a query.")
	}
	var valid bool
	q.from, q.to, valid = interval(q.Interval)
	switch {
	case !valid:
		return refused("The interval must be start/end in ISO-8601, and the end after the start.")
	case q.to.Sub(q.from) > s.longestInterval:
		return refused("The interval must not be longer than " + strconv.FormatFloat(s.longestInterval.Hours()/24, 'f', -1, 64) + " days.")
	case s.faults.refusesTime(q.from, q.to):
		return refused("The interval is refused.")
	}
	return q, nil
}

// getDetails answers GET /api/v2/analytics/conversations/{id}/details.
func (s *Server) getDetails(c *call) answer {
	record := s.recordOf(c.PathValue("id"))
	if record == nil {
		return notFound("conversation")
	}
	return ok(record)
}

// getManyDetails answers GET /api/v2/analytics/conversations/details?id=a,b.
// Ids that are not known are left out.
func (s *Server) getManyDetails(c *call) answer {
	ids := list(c.URL.Query(), "id")
	if most := s.most(FewerIDs); len(ids) == 0 || len(ids) > most {
		return badRequest("Between 1 and " + strconv.Itoa(most) + " ids are needed.")
	}
	conversations := []any{}
	for _, id := range ids {
		if record := s.recordOf(id); record != nil {
			conversations = append(conversations, record)
		}
	}
	if len(conversations) == 0 {
		return ok(Object{})
	}
	return ok(Object{"conversations": conversations})
}

// most is how many may be asked for at a time.
func (s *Server) most(fewer Unknown) int {
	if s.otherwise.takes(fewer) {
		return mostPage / 2
	}
	return mostPage
}

func (s *Server) recordOf(id string) (record Object) {
	if p := s.stage.find(id); p != nil {
		p.view(s.analyticsLag, func(st *Story, at time.Duration) { record = st.Record(at) })
	}
	return record
}

// queryDetails answers POST /api/v2/analytics/conversations/details/query: the
// conversations that started on a day touched by the interval (trap 13).
func (s *Server) queryDetails(c *call) answer {
	q, refused := s.parseDetailsQuery(c.Request)
	if refused != nil {
		return *refused
	}
	number, size := cmp.Or(q.Paging.PageNumber, 1), cmp.Or(q.Paging.PageSize, usualPage)
	largest := s.most(SmallerPages)
	switch {
	case number > s.mostResults/max(size, 1):
		return badRequest("pageNumber times pageSize must not be more than " + strconv.Itoa(s.mostResults) + ".")
	case number < 1 || size < 1 || size > largest:
		return badRequest("pageNumber must be at least 1, pageSize between 1 and " + strconv.Itoa(largest) + ".")
	}
	day := 24 * time.Hour
	first, last := q.from.Truncate(day), q.to.Add(-1).Truncate(day).Add(day)
	found := s.search(q, func(start time.Time) bool { return !start.Before(first) && start.Before(last) })
	from := (number - 1) * size
	hits := cutPage(found, number, size)
	if s.faults.duplicatesPages() && number > 1 && len(hits) > 0 && from <= len(found) {
		hits = slices.Insert(hits, 0, found[from-1])
	}
	body := Object{"totalHits": len(found)}
	var conversations []any
	for _, h := range hits {
		h.playing.view(s.analyticsLag, func(st *Story, at time.Duration) { conversations = append(conversations, st.Record(at)) })
	}
	if len(conversations) > 0 { // no key at all when a page is empty
		body["conversations"] = conversations
	}
	return ok(body)
}

// hit is a conversation that a query has found.
type hit struct {
	playing *Playing
	key     string // to order by
}

// search returns the conversations that match the query, in its order.
func (s *Server) search(q *detailsQuery, startsWell func(time.Time) bool) []hit {
	var found []hit
	for _, p := range s.stage.all() {
		if !startsWell(p.start) {
			continue
		}
		p.view(s.analyticsLag, func(st *Story, at time.Duration) {
			if key, matches := q.examine(st, at); matches {
				found = append(found, hit{p, key})
			}
		})
	}
	if q.Order == "unordered" {
		return found
	}
	slices.SortStableFunc(found, func(a, b hit) int {
		if q.Order == "desc" {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.playing.id, b.playing.id))
	})
	return found
}

// examine reports whether the conversation matches, and what it is ordered by.
// The whole record is composed only when the query needs it.
func (q *detailsQuery) examine(s *Story, at time.Duration) (key string, matches bool) {
	head := s.recordHead(at)
	for _, f := range q.ConversationFilters {
		if !f.matches(inConversation(head)) {
			return "", false
		}
	}
	switch q.OrderBy {
	case "conversationEnd":
		key, _ = head["conversationEnd"].(string)
	case "segmentStart", "segmentEnd":
		key = s.iso(s.lastSegment(at))
	default:
		key, _ = head["conversationStart"].(string)
	}
	if len(q.SegmentFilters)+len(q.EvaluationFilters)+len(q.SurveyFilters) == 0 {
		return key, true
	}
	record := s.Record(at)
	for _, f := range q.SegmentFilters {
		if !anySegment(record, f) {
			return "", false
		}
	}
	for _, f := range q.EvaluationFilters {
		if !anyOf(record, "evaluations", f) {
			return "", false
		}
	}
	for _, f := range q.SurveyFilters {
		if !anyOf(record, "surveys", f) {
			return "", false
		}
	}
	return key, true
}

// lastSegment is when the last segment that had begun by the time began.
func (s *Story) lastSegment(at time.Duration) time.Duration {
	last := time.Duration(0)
	for _, l := range s.Legs {
		for _, p := range l.pieces() {
			if p.from <= at {
				last = max(last, p.from)
			}
		}
	}
	return last
}
