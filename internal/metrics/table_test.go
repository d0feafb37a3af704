package metrics

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/heard"
)

// number sets every whole number in a value to another one, from 1 on.
func number(v reflect.Value, last *int64) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Int, reflect.Int64:
			*last++
			f.SetInt(*last)
		case reflect.Struct:
			number(f, last)
		}
	}
}

// told are the values that a state has the instruments tell, by their names and
// attributes.
func told(s state) map[string]float64 {
	values := map[string]float64{}
	for _, is := range table {
		is.Tell(s, func(value float64, of ...attribute.KeyValue) {
			name := is.Name
			for _, a := range of {
				name += " " + a.Value.AsString()
			}
			values[name] = value
		})
	}
	return values
}

func TestEachCountIsToldByOneMetric(t *testing.T) {
	var s state
	var last int64
	number(reflect.ValueOf(&s.Counts).Elem(), &last)
	s.Stats.Events = map[string]int64{"agent.connected": last + 1}
	times := map[float64]int{}
	for _, value := range told(s) {
		times[value]++
	}
	for n := range last + 1 {
		require.Equal(t, 1, times[float64(n+1)], "what is numbered %d in %+v", n+1, s.Counts)
	}
}

func TestNamesAreUniqueAndEachHasItsHelp(t *testing.T) {
	names := map[string]bool{}
	for _, is := range table {
		require.False(t, names[is.Name], is.Name)
		names[is.Name] = true
		require.True(t, strings.HasPrefix(is.Name, "convtrack."), is.Name)
		require.True(t, strings.HasSuffix(is.Help, "."), is.Name)
	}
}

func TestAgesAreSecondsAndZeroWhereThereIsNone(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	minute := now.Add(-time.Minute)
	ages := func(at time.Time) map[string]float64 {
		all := told(state{State: diagnosis.State{
			At: now, FactsSince: at, Store: diagnosis.Store{TroubleSince: at},
			Deliveries: map[string]diagnosis.Delivery{"h": {DueSince: at}}, Failed: []diagnosis.Failed{{Hook: "h", Kind: "delivery", Oldest: at}},
			Sources: map[string]heard.Source{"s": {SourceHealth: conversation.SourceHealth{
				BlindSince: at, LastHeard: at, RepairingSince: at, Queue: &conversation.QueueHealth{OldestSent: at}, API: &conversation.APIHealth{PausedSince: at},
			}}},
		}})
		maps.DeleteFunc(all, func(name string, _ float64) bool {
			return !strings.HasSuffix(strings.Fields(name)[0], ".age") && !strings.Contains(name, ".silence") && !strings.Contains(name, ".lag")
		})
		return all
	}
	for at, want := range map[time.Time]float64{minute: 60, {}: 0, now.Add(time.Minute): 0} {
		all := ages(at)
		require.Equal(t, []string{
			"convtrack.api.pause.age s", "convtrack.deliveries.age h", "convtrack.facts.age", "convtrack.failed.age h delivery", "convtrack.queue.lag s",
			"convtrack.source.blind.age s", "convtrack.source.repair.age s", "convtrack.source.silence s", "convtrack.store.trouble.age",
		}, slices.Sorted(maps.Keys(all)))
		for name, age := range all {
			require.Equal(t, want, age, "%s since %v", name, at)
		}
	}
}

func TestOfASourceIsToldOnlyWhatItHas(t *testing.T) {
	all := told(state{State: diagnosis.State{Sources: map[string]heard.Source{"socket": {}}}})
	for name := range all {
		for _, of := range []string{"convtrack.queue", "convtrack.api", "convtrack.requests"} {
			require.False(t, strings.HasPrefix(name, of), name)
		}
	}
	require.Contains(t, all, "convtrack.source.blind socket")
}

func TestWhatTheStoreDoesNotTellIsNotTold(t *testing.T) {
	all := told(state{State: diagnosis.State{Processes: []diagnosis.Process{{}}}})
	require.Equal(t, 1.0, all["convtrack.processes"])
	require.Contains(t, all, "convtrack.overdue")
	all = told(state{State: diagnosis.State{Uncounted: []string{diagnosis.Overdue, diagnosis.Processes}}})
	require.NotContains(t, all, "convtrack.processes")
	require.NotContains(t, all, "convtrack.overdue")
	require.Contains(t, all, "convtrack.facts.pending")
}

func TestTopicsWithoutRoomAreToldApart(t *testing.T) {
	all := told(state{State: diagnosis.State{Sources: map[string]heard.Source{"s": {SourceHealth: conversation.SourceHealth{Wanted: 9, Heard: 5, Left: 3}}}}})
	require.Equal(t, 6.0, all["convtrack.source.topics s wanted"], "which processes can add up")
	require.Equal(t, 3.0, all["convtrack.source.topics s left"])
}
