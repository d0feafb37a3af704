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
	for _, b := range brokenStores() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, b.caught)
			for _, name := range b.caught {
				v := judge(t, findRule(t, name), wrappedHarness(b.breaks))
				require.False(t, v.skipped, "%s was skipped: %s", name, v.log)
				require.True(t, v.failed, "%s did not find out that the store %s", name, b.name)
			}
		})
	}
}

// TestSuiteHoldsForASoundStore: a rule that fails for another reason than what
// is wrong with a broken store would hide that it finds out nothing. What the
// broken stores are made of breaks no rule, and has every ability.
func TestSuiteHoldsForASoundStore(t *testing.T) {
	h := wrappedHarness(func(*wrapped) {})
	h.Patience = 0
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

// childVariable names the broken store on which a child process runs the
// suite.
const childVariable = "STORETEST_BROKEN_STORE"

// TestRunInChild is the child of TestRunFailsForABrokenStore.
func TestRunInChild(t *testing.T) {
	name, isChild := os.LookupEnv(childVariable)
	if !isChild {
		t.Skip("this is for the child process of TestRunFailsForABrokenStore")
	}
	for _, b := range brokenStores() {
		if b.name == name {
			Run(t, wrappedHarness(b.breaks))
		}
	}
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
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRunInChild$/^"+topic+"$/^"+title+"$", "-test.v", "-test.timeout=1m")
			child.Env = append(os.Environ(), childVariable+"="+name)
			out, err := child.CombinedOutput()
			require.Error(t, err, "the suite found nothing wrong:\n%s", out)
			require.Contains(t, string(out), "--- FAIL: TestRunInChild/"+rule)
		})
	}
}

// TestMatrix lists what each rule finds out, and the rules that find out
// nothing.
func TestMatrix(t *testing.T) {
	if !*matrixFlag {
		t.Skip("it takes minutes; ask for it with -storetest.matrix")
	}
	var mu sync.Mutex
	found := map[string]bool{}
	t.Run("stores", func(t *testing.T) {
		for _, b := range brokenStores() {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				var by []string
				for _, topic := range topics() {
					for _, r := range topic.rules {
						if judge(t, r, wrappedHarness(b.breaks)).failed {
							by = append(by, r.name)
							mu.Lock()
							found[r.name] = true
							mu.Unlock()
						}
					}
				}
				t.Logf("found out by %d rules: %s", len(by), strings.Join(by, "; "))
			})
		}
	})
	for _, topic := range topics() {
		for _, r := range topic.rules {
			if !found[r.name] {
				t.Logf("no broken store is found out by: %s", r.name)
			}
		}
	}
}
