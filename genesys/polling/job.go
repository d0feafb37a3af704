package polling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// A job takes seconds to minutes. Its state is read every jobAsk; after jobPatience
// it is given up, and a new job is requested.
const (
	jobAsk      = 5 * time.Second
	jobPatience = 30 * time.Minute
)

// longestJob is the longest interval of one job. The platform's maximum is not
// known: 31 days in one report, 7 in another (protocol 6.5).
const longestJob = 7 * day

const jobsPath = "/api/v2/analytics/conversations/details/jobs"

// job reads the activity since the last job: only jobs find a messaging
// conversation by what happened in it, and only they have participant
// attributes (protocol 1, items 12 and 13).
func (s *Source) job(ctx context.Context) error {
	return s.permissions.try("details jobs", readRecords, func() error { return s.readActivity(ctx) })
}

func (s *Source) readActivity(ctx context.Context) error {
	if err := s.resumeJob(ctx); err != nil {
		return err
	}
	until, err := s.availableUntil(ctx)
	if err != nil {
		return err
	}
	was := read(s.position, func(is *state) time.Time { return is.Jobs })
	from := s.since(was, time.Now())
	if !from.Equal(was) { // saved, so that a job that always fails is recognised by its start
		s.save(ctx, func(is *state) { is.Jobs = from })
	}
	const what = "attributes, and what happened in conversations that began long before this time,"
	p := pieces{
		what: what,
		end:  func(from time.Time) time.Time { return from.Add(longestJob) },
		ask: func(ctx context.Context, i interval) error {
			id, err := s.orderJob(ctx, i)
			if err != nil {
				return err
			}
			s.save(ctx, func(is *state) { is.JobID, is.JobFrom, is.JobUntil = id, i.from, i.to })
			return s.failedJobs.judge(i.from, s.readJob(ctx, id, i.to))
		},
		losses: s.lostActivity, failing: s.failingTimes,
		done: func(ctx context.Context, to time.Time) {
			if to.After(from) {
				s.save(ctx, func(is *state) { is.Jobs = to })
			}
		},
		lost: func(ctx context.Context, i interval, err error) error {
			return s.announceLoss(ctx, s.lostActivity, what, i, err)
		},
	}
	return p.read(ctx, interval{from.Add(-s.config.Overlap), until})
}

// resumeJob reads a job that is still under way: the process that requested it has
// ended, or reading it failed for a temporary reason. The position moves only when
// the job continues what was read: it may have been requested to see whether the
// platform answers at all, or after a loss that is not announced yet.
func (s *Source) resumeJob(ctx context.Context) error {
	is := read(s.position, func(is *state) state { return *is })
	if is.JobID == "" {
		return nil
	}
	err := s.readJob(ctx, is.JobID, is.JobUntil)
	switch {
	case err == nil:
		s.save(ctx, func(now *state) {
			if !is.JobFrom.After(now.Jobs) && is.JobUntil.After(now.Jobs) {
				now.Jobs = is.JobUntil
			}
		})
	case ctx.Err() == nil && !errors.As(err, new(*storeError)) && s.resumedJob.failed(is.JobID):
		s.log.Warn("a job cannot be read and is given up; what is left is requested anew", "reason", err)
		s.save(ctx, func(now *state) { now.JobID = "" })
	}
	return err
}

// availableUntil returns up to when jobs have data.
func (s *Source) availableUntil(ctx context.Context) (until time.Time, err error) {
	err = s.reader.call(ctx, genesys.Request{Path: jobsPath + "/availability", Repair: true}, func(body []byte, _ time.Time) error {
		var available struct {
			Until time.Time `json:"dataAvailabilityDate"`
		}
		if err := json.Unmarshal(body, &available); err != nil || available.Until.IsZero() {
			return naming("availability of jobs", notUnderstood("it does not say up to when there is data"))
		}
		until = available.Until
		return nil
	})
	return until, err
}

// orderJob requests a job for the activity in an interval.
func (s *Source) orderJob(ctx context.Context, i interval) (id string, err error) {
	order, err := json.Marshal(map[string]any{"interval": i.String()})
	if err != nil {
		return "", err
	}
	err = s.reader.call(ctx, genesys.Request{Path: jobsPath, Body: order, Repair: true}, func(body []byte, _ time.Time) error {
		var made struct {
			ID string `json:"jobId"`
		}
		if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
			return naming("new job", notUnderstood("it has no id"))
		}
		id = made.ID
		return nil
	})
	return id, err
}

// readJob waits for a job and stores its results. Its interval ends at until. A job
// that has failed is forgotten, so that a new one is requested.
func (s *Source) readJob(ctx context.Context, id string, until time.Time) error {
	err := s.readResults(ctx, id, until)
	var failed *jobError
	switch {
	case err == nil:
		s.save(ctx, func(is *state) { is.JobID = "" })
		s.dropJob(ctx, id)
	case errors.As(err, &failed):
		s.save(ctx, func(is *state) { is.JobID = "" })
	case refused(err): // the request was accepted, so this means that the job is gone
		s.save(ctx, func(is *state) { is.JobID = "" })
		return &jobError{"unknown to the platform"}
	}
	return err
}

// readResults waits for a job and stores its results, page by page. They come from the
// data lake, which lags; it had data up to until.
func (s *Source) readResults(ctx context.Context, id string, until time.Time) error {
	if err := s.awaitJob(ctx, id); err != nil {
		return err
	}
	for cursor := ""; ; {
		if !s.afterRepair(ctx) {
			return ctx.Err()
		}
		q := url.Values{"pageSize": {fmt.Sprint(jobPageSize)}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		found, page, err := s.reader.conversations(ctx, "results of a job", until, genesys.Request{Path: jobsPath + "/" + url.PathEscape(id) + "/results", Query: q, Repair: true})
		if err != nil {
			return err
		}
		s.stats.active.Add(int64(len(found)))
		if page.Cursor == "" || page.Cursor == cursor {
			return nil
		}
		cursor = page.Cursor
	}
}

// jobError: the job has failed, is gone or took too long.
type jobError struct{ state string }

func (e *jobError) Error() string {
	return "a job of the platform came to nothing; its state is " + e.state
}

func (s *Source) awaitJob(ctx context.Context, id string) error {
	for began := time.Now(); time.Since(began) < jobPatience; {
		var is struct {
			State string `json:"state"`
		}
		err := s.reader.call(ctx, genesys.Request{Path: jobsPath + "/" + url.PathEscape(id), Repair: true}, func(body []byte, _ time.Time) error {
			if err := json.Unmarshal(body, &is); err != nil || is.State == "" {
				return naming("job", notUnderstood("it has no state"))
			}
			return nil
		})
		if err != nil {
			return err
		}
		switch is.State {
		case "FULFILLED":
			return nil
		case "FAILED", "CANCELLED", "EXPIRED":
			return &jobError{is.State}
		}
		if !pause.Sleep(ctx, jobAsk) {
			return ctx.Err()
		}
	}
	return &jobError{"unknown, as it took too long"}
}

// dropJob deletes a job that is read. A failure does not matter, as the platform
// deletes jobs itself in time.
func (s *Source) dropJob(ctx context.Context, id string) {
	_, err := s.config.API.Call(ctx, genesys.Request{Method: http.MethodDelete, Path: jobsPath + "/" + url.PathEscape(id), Repair: true})
	if err != nil && ctx.Err() == nil {
		s.log.Debug("a job is not deleted", "reason", err)
	}
}
