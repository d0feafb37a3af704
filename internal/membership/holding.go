package membership

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Member is a process that shares the store, as it said itself with its last sign
// of life.
type Member struct {
	Name    string
	At      time.Time // by its own clock
	Sources []string
	// Holding is what it holds; nil where it is of an earlier version, which does
	// not say.
	Holding *Holding
}

// Holding is what a process holds.
type Holding struct {
	Conversations int              `json:"conversations,omitzero"` // in memory
	Facts         int              `json:"facts,omitzero"`         // accepted and not stored yet
	Deliveries    int              `json:"deliveries,omitzero"`    // with their leases
	Shares        map[string]Share `json:"shares,omitempty"`       // by source
	Hooks         []string         `json:"hooks,omitempty"`        // its After hooks
	Types         []string         `json:"types,omitempty"`        // of events that it has defined
	// Since is since when the oldest delivery of a hook is held.
	Since map[string]time.Time `json:"since,omitempty"`
}

// Share is what a process does of a source.
type Share struct {
	Heard    int  `json:"heard,omitzero"`
	Followed int  `json:"followed,omitzero"`
	Leads    bool `json:"leads,omitzero"`
	Blind    bool `json:"blind,omitzero"`
}

// Members returns the processes that share the store, in the order of their names,
// whether this one has joined them or not.
func (m *Membership) Members(ctx context.Context) ([]Member, error) {
	value, _, err := m.values.Value(ctx, listName)
	if err != nil {
		return nil, err
	}
	l := list{}
	if len(value) > 0 {
		_ = json.Unmarshal(value, &l) // what cannot be read is written anew, and who is alive adds itself
	}
	var members []Member
	for name, is := range l.Members {
		if m.Alive(name) || time.Since(is.At) <= 2*m.leaseOf(&is) {
			members = append(members, Member{name, is.At.UTC(), is.Sources, is.Holding})
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	return members, nil
}

// Undefined returns the types of events that some of the members have defined and
// others have not, with the names of these.
func Undefined(members []Member) map[string][]string {
	undefined := map[string][]string{}
	for _, m := range members {
		if m.Holding == nil {
			continue
		}
		for _, of := range m.Holding.Types {
			if _, known := undefined[of]; known {
				continue
			}
			var without []string
			for _, other := range members {
				if other.Holding != nil && !slices.Contains(other.Holding.Types, of) {
					without = append(without, other.Name)
				}
			}
			undefined[of] = without
		}
	}
	maps.DeleteFunc(undefined, func(_ string, without []string) bool { return len(without) == 0 })
	return undefined
}
