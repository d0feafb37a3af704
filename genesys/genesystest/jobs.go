package genesystest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// jobs are the details jobs (protocol 6.5).
type jobs struct {
	server *Server
	mu     sync.Mutex
	byID   map[string]*job
}

type job struct {
	query              *detailsQuery
	submitted, readyAt time.Time
	failed             bool
	found              []hit // once it is ready
	asOf               time.Time
}

// The life of a job, and how much its results hold.
const (
	jobLife        = 24 * time.Hour
	usualResults   = 1000
	mostResults    = 1000
	mostJobsStored = 1000
)

func newJobs(s *Server) *jobs { return &jobs{server: s, byID: map[string]*job{}} }

// createJob answers POST …/details/jobs.
func (s *Server) createJob(c *call) answer {
	q, refused := s.parseDetailsQuery(c.Request)
	if refused != nil {
		return *refused
	}
	now := time.Now()
	j := &job{query: q, submitted: now, readyAt: now.Add(s.jobTime), failed: s.faults.failsJob()}
	id := s.dice.uuid()
	js := s.jobs
	js.mu.Lock()
	defer js.mu.Unlock()
	for old, o := range js.byID {
		if now.Sub(o.submitted) > jobLife {
			delete(js.byID, old)
		}
	}
	if len(js.byID) >= mostJobsStored {
		return refuse(http.StatusTooManyRequests, "too.many.requests", "Too many jobs.")
	}
	js.byID[id] = j
	return accepted(Object{"jobId": id})
}

// jobsAvailability answers GET …/details/jobs/availability.
func (s *Server) jobsAvailability(*call) answer {
	return ok(Object{"dataAvailabilityDate": isoTime(time.Now().Add(-s.lakeLag))})
}

// getJob answers GET …/details/jobs/{job}: 202 while it runs.
func (s *Server) getJob(c *call) answer {
	j := s.jobs.find(c.PathValue("job"))
	if j == nil {
		return notFound("job")
	}
	state := j.state(time.Now())
	body := Object{"state": state, "submissionDate": isoTime(j.submitted), "expirationDate": isoTime(j.submitted.Add(jobLife))}
	switch state {
	case "QUEUED", "PENDING":
		return accepted(body)
	case "FAILED":
		body["errorMessage"] = "The job failed."
	}
	body["completionDate"] = isoTime(j.readyAt)
	return ok(body)
}

func (js *jobs) find(id string) *job {
	js.mu.Lock()
	defer js.mu.Unlock()
	j := js.byID[id]
	if j == nil || time.Since(j.submitted) > jobLife {
		return nil
	}
	return j
}

// state is queued for the first half of the job's time.
func (j *job) state(now time.Time) string {
	switch {
	case now.Before(j.submitted.Add(j.readyAt.Sub(j.submitted) / 2)):
		return "QUEUED"
	case now.Before(j.readyAt):
		return "PENDING"
	case j.failed:
		return "FAILED"
	}
	return "FULFILLED"
}

// deleteJob answers DELETE …/details/jobs/{job}.
func (s *Server) deleteJob(c *call) answer {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	id := c.PathValue("job")
	if s.jobs.byID[id] == nil {
		return notFound("job")
	}
	delete(s.jobs.byID, id)
	return answer{status: http.StatusNoContent}
}

// getJobResults answers GET …/details/jobs/{job}/results: the conversations
// with activity in the interval, with attributes, page by page.
func (s *Server) getJobResults(c *call) answer {
	j := s.jobs.find(c.PathValue("job"))
	switch {
	case j == nil:
		return notFound("job")
	case j.state(time.Now()) != "FULFILLED":
		return badRequest("The job has no results: its state is " + j.state(time.Now()) + ".")
	}
	size := number(c.URL.Query(), "pageSize", usualResults)
	from := number(c.URL.Query(), "cursor", 0)
	found, asOf := s.jobs.results(j)
	if size < 1 || size > mostResults || from < 0 || from > len(found) {
		return badRequest("The pageSize or the cursor is not valid.")
	}
	conversations := []any{}
	to := min(from+size, len(found))
	for _, h := range found[from:to] {
		h.playing.viewAt(asOf, func(st *Story, at time.Duration) { conversations = append(conversations, st.record(at, true)) })
	}
	body := Object{"conversations": conversations, "dataAvailabilityDate": isoTime(asOf)}
	if to < len(found) {
		body["cursor"] = strconv.Itoa(to)
	}
	return ok(body)
}

// results searches once, as of the moment when the job was ready, so that all
// pages belong together.
func (js *jobs) results(j *job) ([]hit, time.Time) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if j.asOf.IsZero() {
		j.asOf = j.readyAt.Add(-js.server.lakeLag)
		for _, p := range js.server.stage.all() {
			p.viewAt(j.asOf, func(st *Story, at time.Duration) {
				if _, matches := j.query.examine(st, at); matches && j.query.active(st, at) {
					j.found = append(j.found, hit{playing: p})
				}
			})
		}
		if limit := j.query.Limit; limit > 0 && limit < len(j.found) {
			j.found = j.found[:limit]
		}
	}
	return j.found, j.asOf
}

// active reports whether something of the conversation happened in the
// interval.
func (q *detailsQuery) active(s *Story, at time.Duration) bool {
	if q.StartOfDayIntervalMatching && s.at(s.RecordStart).Before(q.from.Truncate(24*time.Hour)) {
		return false
	}
	for _, l := range s.Legs {
		for _, p := range l.pieces() {
			ongoing := p.to == Never || p.to > at
			if p.from <= at && s.at(p.from).Before(q.to) && (ongoing || !s.at(p.to).Before(q.from)) {
				return true
			}
		}
	}
	for _, o := range s.qualityTimes() {
		if happened(o, at) && !s.at(o).Before(q.from) && s.at(o).Before(q.to) {
			return true
		}
	}
	return false
}

func (s *Story) qualityTimes() []time.Duration {
	var times []time.Duration
	for _, v := range s.Surveys {
		for _, t := range v.times() {
			times = append(times, *t)
		}
	}
	for _, e := range s.Evaluations {
		for _, t := range e.times() {
			times = append(times, *t)
		}
	}
	return times
}

// decode reads the body of a request.
func decode(r *http.Request, into any) error { return json.NewDecoder(r.Body).Decode(into) }
