package permission_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/internal/permission"
)

func TestPermissionsAreFoundByTheirForm(t *testing.T) {
	for text, want := range map[string][]string{
		"":                    nil,
		"Rate limit exceeded": nil,
		"The user does not have permission \"conversation:communication:view\" required for topic \"v2.users.a.conversations\"": {"conversation:communication:view"},
		"[analytics:conversationDetail:view, quality:evaluation:*, analytics:conversationDetail:view]":                          {"analytics:conversationDetail:view", "quality:evaluation:*"},
		"user canary.person@example.com, https://example.com:443/a, 10:20:30":                                                   nil,
	} {
		require.Equal(t, want, permission.Names(text), text)
	}
}
