package genesystest

import (
	"fmt"
	"slices"
	"strconv"
)

// filter is a filter of a details query: predicates and clauses of further
// predicates (protocol 6.5).
type filter struct {
	Type       string      `json:"type"` // and, or
	Predicates []predicate `json:"predicates"`
	Clauses    []filter    `json:"clauses"`
}

type predicate struct {
	Dimension string `json:"dimension"`
	Metric    string `json:"metric"`
	Property  string `json:"property"`
	Operator  string `json:"operator"` // matches, exists, notExists
	Value     any    `json:"value"`
	Range     *struct {
		GT  any `json:"gt"`
		GTE any `json:"gte"`
		LT  any `json:"lt"`
		LTE any `json:"lte"`
	} `json:"range"`
}

// lookup returns the values that a document has for a dimension.
type lookup func(name string) []string

func (f filter) matches(get lookup) bool {
	var results []bool
	for _, p := range f.Predicates {
		results = append(results, p.matches(get))
	}
	for _, c := range f.Clauses {
		results = append(results, c.matches(get))
	}
	if f.Type == "or" {
		return slices.Contains(results, true)
	}
	return !slices.Contains(results, false)
}

func (p predicate) matches(get lookup) bool {
	name := p.Dimension + p.Metric + p.Property // one of them is set
	values := get(name)
	switch p.Operator {
	case "exists":
		return len(values) > 0
	case "notExists":
		return len(values) == 0
	}
	return slices.ContainsFunc(values, func(v string) bool {
		if p.Range == nil {
			return p.Value != nil && v == fmt.Sprint(p.Value)
		}
		r := p.Range
		return (r.GT == nil || compare(v, r.GT) > 0) && (r.GTE == nil || compare(v, r.GTE) >= 0) &&
			(r.LT == nil || compare(v, r.LT) < 0) && (r.LTE == nil || compare(v, r.LTE) <= 0)
	})
}

// compare compares numbers as numbers and everything else, times among it, as
// text.
func compare(v string, bound any) int {
	text := fmt.Sprint(bound)
	a, err1 := strconv.ParseFloat(v, 64)
	b, err2 := strconv.ParseFloat(text, 64)
	switch {
	case err1 == nil && err2 == nil && a < b:
		return -1
	case err1 == nil && err2 == nil && a > b:
		return 1
	case err1 == nil && err2 == nil:
		return 0
	case v < text:
		return -1
	case v > text:
		return 1
	}
	return 0
}

// inObjects looks a dimension up in the objects, the innermost first.
func inObjects(objects ...Object) lookup {
	return func(name string) []string {
		for _, o := range objects {
			switch v := o[name].(type) {
			case nil:
			case []string:
				return v
			default:
				return []string{fmt.Sprint(v)}
			}
		}
		return nil
	}
}

// inConversation looks up the dimensions of a conversation.
func inConversation(head Object) lookup {
	get := inObjects(head)
	return func(name string) []string {
		if name == "divisionId" {
			name = "divisionIds"
		}
		return get(name)
	}
}

// anySegment reports whether one segment of the record, together with its
// session and participant, matches the filter.
func anySegment(record Object, f filter) bool {
	for _, p := range record["participants"].([]any) {
		participant := p.(Object)
		for _, s := range participant["sessions"].([]any) {
			session := s.(Object)
			metrics := Object{}
			for _, m := range session["metrics"].([]any) {
				metrics[m.(Object)["name"].(string)] = m.(Object)["value"]
			}
			for _, g := range session["segments"].([]any) {
				if f.matches(inObjects(g.(Object), session, participant, metrics)) {
					return true
				}
			}
		}
	}
	return false
}

// anyOf reports whether one object of the record's list matches the filter.
func anyOf(record Object, list string, f filter) bool {
	objects, _ := record[list].([]any)
	return slices.ContainsFunc(objects, func(o any) bool {
		get := inObjects(o.(Object))
		return f.matches(get)
	})
}
