package notifications

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// answers is an API that always gives the same answer.
type answers string

func (a answers) Call(context.Context, genesys.Request) ([]byte, error) { return []byte(a), nil }

func TestAnAnswerAboutChannelsThatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, body := range []string{"", "<html>please sign in</html>", `{}`, `{"message":"please sign in"}`, `{"entities":[{`, `{"entities":{"id":"x"}}`, `[]`, `null`, `7`} {
		c := channels{answers(body)}
		_, err := c.list(t.Context())
		require.ErrorIs(t, err, genesys.ErrNotUnderstood, "list: %s", body)
		_, err = c.create(t.Context())
		require.ErrorIs(t, err, genesys.ErrNotUnderstood, "create: %s", body)
		_, err = c.put(t.Context(), http.MethodPut, "ch-1", []string{"v2.users.u-1.conversations"})
		require.ErrorIs(t, err, genesys.ErrNotUnderstood, "subscribe: %s", body)
		require.NotContains(t, err.Error(), "sign in")
	}
	all, err := channels{answers(`{"entities":[]}`)}.list(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}
