package hooktest

import (
	"slices"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// Form is a way of hearing a conversation.
type Form struct {
	// Name is "snapshots", "detail events", "EventBridge", "REST" or "records".
	Name string

	ordered  bool // each message carries a time of its own, so that their order does not matter
	messages func(*genesystest.Story) [][]byte
	times    func(*genesystest.Story) []time.Duration // the last one goes on
}

func detailTimes(s *genesystest.Story) (at []time.Duration) {
	for _, e := range s.DetailEvents() {
		at = append(at, e.At)
	}
	return at
}

// Forms returns all ways of hearing a conversation: notifications with snapshots,
// detail events over the WebSocket, the same over Amazon EventBridge, and the
// conversation as the REST API and as analytics records show it when they are
// asked after each change.
func Forms() []Form {
	return []Form{
		{"snapshots", false, (*genesystest.Story).Snapshots, (*genesystest.Story).Moments},
		{"detail events", true, (*genesystest.Story).Details, detailTimes},
		{"EventBridge", true, (*genesystest.Story).Envelopes, detailTimes},
		{"REST", false, (*genesystest.Story).Bodies, (*genesystest.Story).Moments},
		{"records", true, (*genesystest.Story).Records, (*genesystest.Story).Moments},
	}
}

// OverEachForm runs the test once for each form, as a subtest.
func OverEachForm(t *testing.T, test func(t *testing.T, form Form)) {
	t.Helper()
	for _, form := range Forms() {
		t.Run(form.Name, func(t *testing.T) { test(t, form) })
	}
}

// message is one message and when it is heard.
type message struct {
	at   time.Duration
	data []byte
}

// script is everything that is heard of the story, in order.
func (f Form) script(s *genesystest.Story) (all []message) {
	// The record after everything shows surveys and evaluations as they end up. They
	// are read by themselves below, when they change.
	call := s.Clone()
	call.Surveys, call.Evaluations = nil, nil
	at := f.times(call)
	for i, data := range f.messages(call) {
		all = append(all, message{at[min(i, len(at)-1)], data})
	}
	slices.SortStableFunc(all, func(a, b message) int { return int(a.at - b.at) })
	if len(s.Surveys)+len(s.Evaluations) > 0 {
		all = append(all, late(s, all[len(all)-1].at)...)
	}
	return all
}
