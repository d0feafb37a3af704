package storetest

import (
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var matrixFlag = flag.Bool("storetest.matrix", false, "try every rule on every broken store, and list what found what out")

func findRule(t *testing.T, name string) rule {
	t.Helper()
	for _, topic := range topics() {
		for _, r := range topic.rules {
			if r.name == name {
				return r
			}
		}
	}
	t.Fatalf("there is no rule %q", name)
	return rule{}
}

// TestSuiteFindsOutBrokenStores: a suite that finds nothing wrong proves
// nothing. Each store has one thing wrong, and each of the rules named with it
// must find that out.
func TestSuiteFindsOutBrokenStores(t *testing.T) {
	found := matrix{}
	if *matrixFlag {
		t.Cleanup(func() { found.useless(t) }) // when all stores have been tried
	}
	for _, b := range brokenStores() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, b.caught)
			for _, name := range b.caught {
				v := judge(t, findRule(t, name), wrappedHarness(b.breaks))
				for tries := 1; byChance(name) && !v.failed && tries < 50; tries++ {
					v = judge(t, findRule(t, name), wrappedHarness(b.breaks))
				}
				require.False(t, v.skipped, "%s was skipped: %s", name, v.log)
				require.True(t, v.failed, "%s did not find out that the store %s", name, b.name)
			}
			if *matrixFlag {
				found.all(t, b)
			}
		})
	}
}

// byChance reports whether a rule finds something out only when several at once run
// into each other.
func byChance(rule string) bool {
	return strings.HasPrefix(rule, "concurrency/") || strings.HasPrefix(rule, "processes that share/") || strings.Contains(rule, " is forgotten while ")
}

// matrix knows the rules that have found something out.
type matrix struct{ rules sync.Map }

// all tries every rule on the store.
func (m *matrix) all(t *testing.T, b broken) {
	var by []string
	for _, topic := range topics() {
		for _, r := range topic.rules {
			if judge(t, r, wrappedHarness(b.breaks)).failed {
				by = append(by, r.name)
				m.rules.Store(r.name, true)
			}
		}
	}
	t.Logf("found out by %d rules: %s", len(by), strings.Join(by, "; "))
}

// useless lists the rules that have found out nothing.
func (m *matrix) useless(t *testing.T) {
	for _, topic := range topics() {
		for _, r := range topic.rules {
			if _, found := m.rules.Load(r.name); !found {
				t.Logf("no broken store is found out by: %s", r.name)
			}
		}
	}
}

// brokenVariable names, for a child process, the broken store that takes the
// place of the sound one.
const brokenVariable = "STORETEST_BROKEN_STORE"

// TestSuiteHoldsForASoundStore: a rule that fails for another reason than what
// is wrong with a broken store would hide that it finds out nothing. What the
// broken stores are made of breaks no rule, and has every ability.
func TestSuiteHoldsForASoundStore(t *testing.T) {
	h := wrappedHarness(func(*wrapped) {})
	h.Patience = 0
	if name, child := os.LookupEnv(brokenVariable); child {
		all := brokenStores()
		i := slices.IndexFunc(all, func(b broken) bool { return b.name == name })
		require.GreaterOrEqual(t, i, 0, "there is no store that %s", name)
		h = wrappedHarness(all[i].breaks)
	}
	Run(t, h)
}

func TestRuleNamesAreUnique(t *testing.T) {
	var names []string
	for _, topic := range topics() {
		for _, r := range topic.rules {
			names = append(names, r.name)
		}
	}
	slices.Sort(names)
	require.Equal(t, slices.Compact(slices.Clone(names)), names)
}

func TestBrokenStoresHaveDifferentNames(t *testing.T) {
	var names []string
	for _, b := range brokenStores() {
		names = append(names, b.name)
	}
	slices.Sort(names)
	require.Equal(t, slices.Compact(slices.Clone(names)), names)
}

// TestRunFailsForABrokenStore: what the rules find out reaches go test, under
// the name of the rule.
func TestRunFailsForABrokenStore(t *testing.T) {
	for name, rule := range map[string]string{
		"checks no versions":                  "committing/a_change_on_an_old_version_is_a_conflict_and_writes_nothing",
		"does not renew":                      "leases/a_lease_may_be_renewed_to_an_earlier_end",
		"forgets who said what":               "statements/a_weaker_source_does_not_override_what_was_stored",
		"writes the change whose hook failed": "hooks_in_the_transaction/a_hook_that_fails_is_reported_with_its_error,_and_nothing_of_its_change_is_written",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topic, title, _ := strings.Cut(rule, "/")
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSuiteHoldsForASoundStore$/^"+topic+"$/^"+title+"$", "-test.v", "-test.timeout=1m")
			child.Env = append(os.Environ(), brokenVariable+"="+name)
			out, err := child.CombinedOutput()
			require.Error(t, err, "the suite found nothing wrong:\n%s", out)
			require.Contains(t, string(out), "--- FAIL: TestSuiteHoldsForASoundStore/"+rule)
		})
	}
}
