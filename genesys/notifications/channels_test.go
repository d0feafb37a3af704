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
		_, err = c.create(t.Context(), &unanswered{}, nil)
		require.ErrorIs(t, err, genesys.ErrNotUnderstood, "create: %s", body)
		_, err = c.put(t.Context(), http.MethodPut, "ch-1", []string{"v2.users.u-1.conversations"})
		require.ErrorIs(t, err, genesys.ErrNotUnderstood, "subscribe: %s", body)
		require.NotContains(t, err.Error(), "sign in")
	}
	all, err := channels{answers(`{"entities":[]}`)}.list(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestOnlyAnAttemptThatWasNotRefusedMayHaveCreatedAChannel(t *testing.T) {
	old := channel{ID: "old", ConnectURI: "wss://streaming.example/old"}
	fresh := channel{ID: "new", ConnectURI: "wss://streaming.example/new"}
	hidden := channel{} // of another token
	nobody := func(string) bool { return false }
	for name, c := range map[string]struct {
		err    error
		listed []channel
		used   func(id string) bool
		found  bool
	}{
		"its answer was lost":              {&genesys.APIError{}, []channel{hidden, old, fresh}, nobody, true},
		"a gateway waited for too long":    {&genesys.APIError{Status: 504}, []channel{fresh, old}, nobody, true},
		"it created none":                  {&genesys.APIError{Status: 504}, []channel{hidden, old}, nobody, false},
		"the platform refused it":          {&genesys.APIError{Status: 403, Code: "missing.permissions"}, []channel{old, fresh}, nobody, false},
		"there were too many requests":     {&genesys.APIError{Status: 429}, []channel{old, fresh}, nobody, false},
		"it succeeded":                     {nil, []channel{old, fresh}, nobody, false},
		"another process created that one": {&genesys.APIError{Status: 504}, []channel{old, fresh}, func(id string) bool { return id == "new" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unanswered{}
			u.note([]channel{hidden, old}, c.err)
			is, found := u.found(c.listed, c.used)
			require.Equal(t, c.found, found)
			if found {
				require.Equal(t, fresh, is)
			}
			_, found = u.found(c.listed, c.used)
			require.False(t, found, "once")
		})
	}
}
