package ingress_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/internal/ingress"
)

func TestAnIDIsOneThatAPathAndAListOfIDsCanHave(t *testing.T) {
	for _, id := range []string{"0f0e0d0c-0000-4000-8000-000000000001", "c-1", "tel:+4930123456", "a.b", strings.Repeat("x", 128)} {
		require.True(t, ingress.IsID(id), id)
	}
	for _, id := range []string{"", ".", "..", "a/b", "a,b", "a b", "a\nb", "a?b", "{id}", "\xff", strings.Repeat("x", 129)} {
		require.False(t, ingress.IsID(id), id)
	}
}
