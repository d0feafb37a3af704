package genesys_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEachFactOfTheCapturesIsInTheProtocol under its number, C1 to C22, beside its
// grade.
func TestEachFactOfTheCapturesIsInTheProtocol(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	require.NoError(t, err)
	for n := 1; n <= 22; n++ {
		require.Regexp(t, regexp.MustCompile(fmt.Sprintf(`\bC%d\b`, n)), string(text))
	}
}
