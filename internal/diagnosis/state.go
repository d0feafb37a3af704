package diagnosis

import (
	"time"

	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/store"
)

// State is how a tracker does. What the fields mean stands with those of
// convtrack.Health.
type State struct {
	At       time.Time
	Problems []string // sentences

	Store      Store
	Sources    map[string]heard.Source
	Facts      int
	FactsSince time.Time
	Overdue    int
	Deliveries map[string]Delivery // by hook
	Failed     []Failed
	Processes  []Process
	Undefined  map[string][]string
	Uncounted  []string
}

// What is counted in the store, by its name in the JSON of convtrack.Health.
const (
	Overdue     = "overdue"
	Processes   = "processes"
	Deliveries  = "deliveries"
	FailedItems = "failed"
)

// Store is how the store does.
type Store struct {
	Trouble             string
	TroubleSince        time.Time
	Latency, CommitTime time.Duration
}

// Delivery is how far an After hook is behind.
type Delivery struct {
	Unfinished        int
	Counted           bool
	DueSince, NextTry time.Time
	Attempts          int
	Orphaned          bool
}

// Process is a process that shares the store.
type Process struct {
	Name                             string
	Seen                             time.Time
	Conversations, Facts, Deliveries int
	Sources                          map[string]membership.Share
	Hooks, Types                     []string
}

// Failed is what failed of one hook, and of one kind.
type Failed struct {
	Hook    string
	Kind    store.FailedKind
	N       int
	Counted bool // all of it
	Oldest  time.Time
}
