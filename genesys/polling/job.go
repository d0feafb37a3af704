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

// A job takes seconds to minutes; one that takes longer than jobPatience is
// given up and made again.
const (
	jobAsk      = 5 * time.Second
	jobPatience = 30 * time.Minute
)

const jobsPath = "/api/v2/analytics/conversations/details/jobs"

// job reads the activity since the last job: only jobs find a messaging
// conversation by what happened in it, and only they have participant
// attributes (protocol 1, items 12 and 13).
func (s *Source) job(ctx context.Context) error {
	return s.allowed("details jobs", "analytics:conversationDetail:view", func() error { return s.readActivity(ctx) })
}

func (s *Source) readActivity(ctx context.Context) error {
	is := read(&s.notebook, func(is *state) state { return *is })
	if is.JobID == "" {
		made, err := s.makeJob(ctx, is.Jobs)
		if err != nil || made.JobID == "" {
			return err
		}
		is.JobID, is.JobUntil = made.JobID, made.JobUntil
	}
	err := s.readJob(ctx, is.JobID)
	var failed *jobError
	switch {
	case err == nil:
		s.save(ctx, func(now *state) { now.Jobs, now.JobID = is.JobUntil, "" })
		s.dropJob(ctx, is.JobID)
	case errors.As(err, &failed), genesys.HasStatus(err, http.StatusNotFound), genesys.HasStatus(err, http.StatusGone):
		s.save(ctx, func(now *state) { now.JobID = "" }) // another one next time
		return fmt.Errorf("a job of the platform came to nothing: %w", failed.or(err))
	}
	return err
}

// makeJob asks for the activity up to which there is data.
func (s *Source) makeJob(ctx context.Context, from time.Time) (state, error) {
	body, err := s.reader.call(ctx, genesys.Request{Path: jobsPath + "/availability", Repair: true})
	if err != nil {
		return state{}, err
	}
	var available struct {
		Until time.Time `json:"dataAvailabilityDate"`
	}
	if err := json.Unmarshal(body, &available); err != nil || available.Until.IsZero() {
		return state{}, errors.New("the platform does not say up to when there is data for jobs")
	}
	until := available.Until
	if from.IsZero() {
		from = time.Now().Add(-s.config.Lookback)
	}
	from = from.Add(-s.config.Overlap)
	if until.Sub(from) > mostInterval {
		until = from.Add(mostInterval)
	}
	if !from.Before(until) {
		return state{}, nil
	}
	order, err := json.Marshal(map[string]any{"interval": interval(from, until)})
	if err != nil {
		return state{}, err
	}
	body, err = s.reader.call(ctx, genesys.Request{Path: jobsPath, Body: order, Repair: true})
	if err != nil {
		return state{}, err
	}
	var made struct {
		ID string `json:"jobId"`
	}
	if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
		return state{}, errors.New("the platform's answer with the new job is not understood")
	}
	s.save(ctx, func(is *state) { is.JobID, is.JobUntil = made.ID, until })
	return state{JobID: made.ID, JobUntil: until}, nil
}

// readJob waits for a job and stores its results.
func (s *Source) readJob(ctx context.Context, id string) error {
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
		found, body, err := s.reader.fetch(ctx, genesys.Request{Path: jobsPath + "/" + url.PathEscape(id) + "/results", Query: q, Repair: true})
		if err != nil {
			return err
		}
		s.stats.active.Add(int64(len(found)))
		var page struct {
			Cursor string `json:"cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return errors.New("a page of a job is not understood")
		}
		if page.Cursor == "" || page.Cursor == cursor {
			return nil
		}
		cursor = page.Cursor
	}
}

// jobError: the platform gave the job up.
type jobError struct{ state string }

func (e *jobError) Error() string { return "its state is " + e.state }

func (e *jobError) or(err error) error {
	if e != nil {
		return e
	}
	return err
}

func (s *Source) awaitJob(ctx context.Context, id string) error {
	for began := time.Now(); time.Since(began) < jobPatience; {
		body, err := s.reader.call(ctx, genesys.Request{Path: jobsPath + "/" + url.PathEscape(id), Repair: true})
		if err != nil {
			return err
		}
		var is struct {
			State string `json:"state"`
		}
		if err := json.Unmarshal(body, &is); err != nil {
			return errors.New("the state of a job is not understood")
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

// dropJob tidies up; the platform would do it itself in time.
func (s *Source) dropJob(ctx context.Context, id string) {
	_, err := s.config.API.Call(ctx, genesys.Request{Method: http.MethodDelete, Path: jobsPath + "/" + url.PathEscape(id), Repair: true})
	if err != nil && ctx.Err() == nil {
		s.log.Debug("a job is not deleted", "reason", err)
	}
}
