//go:build !race

package clientapp_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script runs a test of a part of the page in Node, in virtual time and without a
// browser: one of those that testdata/NAME_test.js has.
func script(t *testing.T, name, test string, args ...string) {
	t.Helper()
	t.Run(filepath.Join(append([]string{name, test}, args...)...), func(t *testing.T) {
		folder := t.TempDir()
		for _, from := range []string{"page", "testdata"} {
			files, err := filepath.Glob(filepath.Join(from, "*.js"))
			require.NoError(t, err)
			for _, f := range files {
				text, err := os.ReadFile(f)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.Base(f)), text, 0o600))
			}
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, "package.json"), []byte(`{"type": "module"}`), 0o600))
		given, err := json.Marshal(append([]string{}, args...))
		require.NoError(t, err)
		run := `const { tests } = await import("./` + name + `_test.js"); await tests.` + test + `(...` + string(given) + `); process.exit(0);`
		node := exec.CommandContext(t.Context(), "node", "--input-type=module", "--eval", run)
		node.Dir = folder
		out, err := node.CombinedOutput()
		require.NoError(t, err, "%s", out)
	})
}

func TestAStreamThatEndsAtOnceIsNotAskedForWithoutAPause(t *testing.T) {
	script(t, "connection", "endsAtOnce")
	script(t, "connection", "lasts")
}

func TestAConnectionThatFailsIsTriedLessAndLessOftenAndLeavesNoSocketOpen(t *testing.T) {
	script(t, "connection", "noChannel")
	script(t, "connection", "noSubscription")
}

func TestALoginThatFailsForAWhileNeedsNobodyAfterwards(t *testing.T) {
	script(t, "login", "passing")
	script(t, "login", "window")
	script(t, "login", "night")
}

func TestALoginThatNobodySeesDoesNotDisturbTheOneInAWindow(t *testing.T) {
	script(t, "login", "openWindow")
	script(t, "login", "windowTooLate", "error=access_denied")
	script(t, "login", "windowTooLate", "code=c")
}

// TestNothingIsSaidInTheNameOfAnotherAgentWhoHasLoggedIn: a login that nobody sees is
// that of whoever has the session of the browser.
func TestNothingIsSaidInTheNameOfAnotherAgentWhoHasLoggedIn(t *testing.T) {
	script(t, "login", "another", "frame")
	script(t, "login", "another", "window")
}

func TestAnAgentsChannelIsNotLeftToAnotherAgent(t *testing.T) {
	script(t, "connection", "another")
}

func TestWhoseLoginItIsIsAskedUntilItIsKnown(t *testing.T) {
	script(t, "login", "whose")
	script(t, "login", "mayNotAsk")
}

func TestAConnectionThatIsDeadHoldsNothingUp(t *testing.T) {
	script(t, "login", "deadConnection")
	script(t, "login", "longStream")
}

func TestWhileNoEventsComeThePageLooksEachMinute(t *testing.T) {
	script(t, "main", "down")
	script(t, "main", "up")
	script(t, "main", "stopped")
}

func TestLooksThatWaitForALoginAreOne(t *testing.T) {
	script(t, "main", "night", "?gcConversationId=c-1")
	script(t, "main", "night", "?")
}

func TestWhatHappensDuringALookIsLookedAtAfterIt(t *testing.T) {
	script(t, "main", "meanwhile")
}

func TestAnAddressThatIsWrongIsTheTroubleOfItsOwnPageAlone(t *testing.T) {
	for _, id := range []string{".", "..", "a,b", "{gcConversationId}", "a\x00b", "\uFFFD", strings.Repeat("ä", 65)} {
		script(t, "main", "noID", id)
	}
	script(t, "main", "anID", "6f0f5b5c-9d4b-4c55-8a37-3c5a7f6d1f11")
	for _, id := range []string{"...", strings.Repeat("ä", 64)} {
		script(t, "main", "anID", id)
	}
}

func TestAnotherPageInPlaceOfTheSettingsIsWaitedFor(t *testing.T) {
	script(t, "main", "settings")
}

func TestAHintThatIsTakenOrNeverWillBeIsToldOnce(t *testing.T) {
	script(t, "report", "taken")
	script(t, "report", "neverTaken")
}

// TestWhatIsNotTheHostsAnswerIsNoReasonToForgetAHint: proxies answer in the host's
// place, with a page to sign in, or that there is no such place, while it restarts.
func TestWhatIsNotTheHostsAnswerIsNoReasonToForgetAHint(t *testing.T) {
	script(t, "report", "othersAnswer")
	script(t, "report", "endlessAnswer")
}

func TestADeniedHintIsToldAgainNowAndThenAndWithTheNextOne(t *testing.T) {
	script(t, "report", "denied")
	script(t, "report", "deniedUntilSomethingHappens")
	script(t, "report", "deniedWhileSomethingHappens")
}

func TestAPageThatIsStoppedWhileAHintWaitsTellsItOnceMore(t *testing.T) {
	script(t, "report", "stopped")
}

func TestAConversationThatTheHostCannotTakeHoldsUpNoOtherOne(t *testing.T) {
	script(t, "report", "oneIsNeverTaken")
	script(t, "report", "down")
}

func TestASocketOnADeadPathIsGivenUpWithoutAnAnswer(t *testing.T) {
	script(t, "connection", "deadPath")
}

func TestWhileTheHostTellsOfNoCasesThePageKnows(t *testing.T) {
	script(t, "connection", "stream")
}

func TestAnEventIsNotOverwrittenByAnOlderRead(t *testing.T) {
	script(t, "main", "olderThanAnEvent")
}

func TestHintsOutliveThePage(t *testing.T) {
	script(t, "report", "gone")
	script(t, "login", "last")
}

func TestAPageThatWasNotAllowedToHearAsksAgainWhenItIsLoaded(t *testing.T) {
	script(t, "connection", "allowedLater")
}

func TestADenialIsTakenBackWhenTheStreamIsThere(t *testing.T) {
	script(t, "connection", "deniedForAWhile")
}

func TestAConversationThatIsOverComesBackAsNoCard(t *testing.T) {
	script(t, "main", "overIsOver")
}
