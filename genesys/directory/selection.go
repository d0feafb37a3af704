package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
)

// Selection says which users and queues to follow. What it finds changes as
// people and queues come and go.
type Selection struct {
	Queues *Filter // nil: none
	Users  *Filter // nil: none
}

// Filter chooses by division and by name. The zero value is for all.
type Filter struct {
	// Divisions are ids or names of divisions. Empty: all divisions.
	Divisions []string
	// Names are names, in which * stands for anything. Empty: all names.
	Names []string
}

// All returns the filter for all.
func All() *Filter { return &Filter{} }

// Named returns the filter for those with one of the names, in which * stands
// for anything.
func Named(names ...string) *Filter { return &Filter{Names: names} }

// InDivisions returns the filter for those in one of the divisions, which are
// given by their ids or their names.
func InDivisions(divisions ...string) *Filter { return &Filter{Divisions: divisions} }

// Validate says in a sentence what is wrong with the selection.
func (s Selection) Validate() error {
	if s.Queues == nil && s.Users == nil {
		return fmt.Errorf("directory: the Selection chooses nobody; set Queues or Users, to directory.All() for all of them")
	}
	for _, f := range []*Filter{s.Queues, s.Users} {
		if f != nil && (slices.Contains(f.Names, "") || slices.Contains(f.Divisions, "")) {
			return fmt.Errorf("directory: a Filter has an empty name or division, which would choose nobody; leave the list empty for all")
		}
	}
	return nil
}

// Found is who was chosen, each once, in the order of the ids.
type Found struct {
	Queues []Queue
	Users  []User
}

// Find lists whom the selection chooses. It needs routing:queue:view for queues
// and directory:user:view for users; of divisions that the role does not see it
// finds nobody. When a list cannot be read to its end it fails: half of a list
// says nothing about who is gone.
func (s Selection) Find(ctx context.Context, api genesys.API) (found Found, err error) {
	if s.Queues != nil {
		for q, err := range Queues(ctx, api) {
			if err != nil {
				return Found{}, err
			}
			if s.Queues.chooses(q.Name, q.DivisionID, q.DivisionName) {
				found.Queues = append(found.Queues, q)
			}
		}
	}
	if s.Users != nil {
		for u, err := range Users(ctx, api) {
			if err != nil {
				return Found{}, err
			}
			if s.Users.chooses(u.Name, u.DivisionID, u.DivisionName) {
				found.Users = append(found.Users, u)
			}
		}
	}
	found.Queues = eachOnce(found.Queues, func(q Queue) string { return q.ID })
	found.Users = eachOnce(found.Users, func(u User) string { return u.ID })
	return found, nil
}

func eachOnce[T any](list []T, id func(T) string) []T {
	slices.SortStableFunc(list, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	list = slices.CompactFunc(list, func(a, b T) bool { return id(a) == id(b) })
	return slices.DeleteFunc(list, func(one T) bool { return id(one) == "" })
}

func (f *Filter) chooses(name, divisionID, divisionName string) bool {
	return anyMatches(f.Names, name) && (len(f.Divisions) == 0 || slices.ContainsFunc(f.Divisions, func(d string) bool {
		return strings.EqualFold(d, divisionID) || strings.EqualFold(d, divisionName)
	}))
}

func anyMatches(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// matches compares without case; stars stand for anything.
func matches(pattern, name string) bool {
	pieces := strings.Split(strings.ToLower(pattern), "*")
	name, prefix := strings.CutPrefix(strings.ToLower(name), pieces[0])
	if !prefix || len(pieces) == 1 {
		return prefix && name == ""
	}
	for _, piece := range pieces[1 : len(pieces)-1] {
		_, after, has := strings.Cut(name, piece)
		if !has {
			return false
		}
		name = after
	}
	return strings.HasSuffix(name, pieces[len(pieces)-1])
}
