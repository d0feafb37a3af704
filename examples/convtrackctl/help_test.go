package main_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachCommandHasHelpAndIsCompletedInBash(t *testing.T) {
	t.Parallel()
	const secret = "postgres://u:pass-word@localhost/x"
	all := done(t, secret, "help")
	names := regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?)  +[A-Z]`).FindAllStringSubmatch(all, -1)
	require.Greater(t, len(names), 10)
	script := done(t, secret, "completion", "bash")
	for _, name := range names {
		words := strings.Fields(name[1])
		help := done(t, secret, append([]string{"help"}, words...)...)
		require.Contains(t, help, "Usage: convtrackctl "+name[1])
		require.NotContains(t, help+script, "pass-word")
		require.Equal(t, help, done(t, secret, append(words, "-help")...))
		require.Contains(t, complete(t, script, words[:len(words)-1], words[len(words)-1]), words[len(words)-1])
		for _, flag := range regexp.MustCompile(`(?m)^  (-[a-z]+)`).FindAllStringSubmatch(help, -1) {
			require.Contains(t, complete(t, script, words, "-"), flag[1], name[1])
		}
	}
	require.Equal(t, 3, strings.Count(done(t, "", "help", "failed"), "Usage: "))
}

// complete returns what bash offers for a word after others.
func complete(t *testing.T, script string, before []string, word string) []string {
	t.Helper()
	words := append([]string{"convtrackctl"}, before...)
	line := script + "COMP_WORDS=(" + strings.Join(words, " ") + " '" + word + "'); COMP_CWORD=" + string(rune('0'+len(words))) +
		"; _convtrackctl; printf '%s\\n' \"${COMPREPLY[@]}\""
	out, err := exec.CommandContext(t.Context(), "bash", "-c", line).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}
