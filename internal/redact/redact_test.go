package redact

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnIDIsShownAndWhatMayBeAPersonsIsNot(t *testing.T) {
	for _, id := range []string{"0f0e0d0c-0000-4000-8000-000000000001", "0F0E0D0C-1234-4000-8000-123456789012", "c-1", "h-00042", ""} {
		require.Equal(t, id, ID(id))
	}
	for _, id := range []string{"tel:+4930123456", "+4930123456", "4930123456", "erika@example.org", "sip:erika", "Erika Mustermann", "0f0e0d0c-0000-4000-8000-000000000001x", "Ürsula"} {
		require.Equal(t, "(no id of the platform)", ID(id))
	}
}
