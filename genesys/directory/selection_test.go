package directory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
)

// fake answers each path with a body.
type fake map[string]string

func (f fake) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	body, has := f[r.Path+"#"+r.Query.Get("pageNumber")]
	if !has {
		return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: 403, MissingPermissions: []string{"directory:user:view"}}
	}
	return []byte(body), nil
}

var organisation = fake{
	"/api/v2/routing/queues#1": `{"pageCount":2,"entities":[
		{"id":"q-3","name":"Sales Zürich","division":{"id":"d-1","name":"Home"}},
		{"id":"q-1","name":"Service","division":{"id":"d-2","name":"Schweiz"}}]}`,
	"/api/v2/routing/queues#2": `{"pageCount":2,"entities":[
		{"id":"q-1","name":"Service","division":{"id":"d-2","name":"Schweiz"}},
		{"id":"q-2","name":"sales","division":{"id":"d-2","name":"Schweiz"}},
		{"name":"of no id"}]}`,
	"/api/v2/users#1": `{"pageCount":1,"entities":[
		{"id":"u-1","name":"Ada","email":"ada@example.com","division":{"id":"d-1","name":"Home"}}]}`,
}

func TestAFilterChoosesByDivisionAndByName(t *testing.T) {
	for name, c := range map[string]struct {
		filter *directory.Filter
		want   string
	}{
		"all":                         {directory.All(), "q-1 q-2 q-3"},
		"a name":                      {directory.Named("Service"), "q-1"},
		"a name in another case":      {directory.Named("SALES"), "q-2"},
		"part of a name is no name":   {directory.Named("Sal"), ""},
		"the beginning":               {directory.Named("Sales*"), "q-2 q-3"},
		"the end":                     {directory.Named("*zürich"), "q-3"},
		"both":                        {directory.Named("s*e"), "q-1"},
		"a star does not count twice": {directory.Named("sale*les"), ""},
		"the middle":                  {directory.Named("*z*r*"), "q-3"},
		"a star is anything":          {directory.Named("*"), "q-1 q-2 q-3"},
		"several names":               {directory.Named("sales", "service"), "q-1 q-2"},
		"a division by its id":        {directory.InDivisions("d-2"), "q-1 q-2"},
		"a division by its name":      {directory.InDivisions("schweiz", "unknown"), "q-1 q-2"},
		"a division and a name":       {&directory.Filter{Divisions: []string{"d-2"}, Names: []string{"s*"}}, "q-1 q-2"},
		"neither":                     {&directory.Filter{Divisions: []string{"d-1"}, Names: []string{"service"}}, ""},
	} {
		found, err := directory.Selection{Queues: c.filter}.Find(t.Context(), organisation)
		require.NoError(t, err, name)
		var ids []string
		for _, q := range found.Queues {
			ids = append(ids, q.ID)
		}
		require.Equal(t, c.want, strings.Join(ids, " "), name)
		require.Empty(t, found.Users, name)
	}
}

func TestPeopleHaveNameAndAddressAndDivision(t *testing.T) {
	found, err := directory.Selection{Users: directory.All()}.Find(t.Context(), organisation)
	require.NoError(t, err)
	require.Equal(t, []directory.User{{ID: "u-1", Name: "Ada", Email: "ada@example.com", DivisionID: "d-1", DivisionName: "Home"}}, found.Users)
	require.Empty(t, found.Queues)
}

func TestHalfAListIsNoList(t *testing.T) {
	broken := fake{"/api/v2/routing/queues#1": organisation["/api/v2/routing/queues#1"]}
	found, err := directory.Selection{Queues: directory.All()}.Find(t.Context(), broken)
	require.True(t, genesys.HasStatus(err, 403))
	require.Empty(t, found)
	broken["/api/v2/routing/queues#2"] = `{"message":"ada@example.com"}`
	_, err = directory.Selection{Queues: directory.All()}.Find(t.Context(), broken)
	require.ErrorIs(t, err, genesys.ErrNotUnderstood)
	require.NotContains(t, err.Error(), "ada")
}

func TestASelectionOfNobodyIsRefused(t *testing.T) {
	require.NoError(t, directory.Selection{Users: directory.All()}.Validate())
	for _, s := range []directory.Selection{{}, {Queues: directory.Named("")}, {Users: directory.InDivisions("d-1", "")}} {
		require.Error(t, s.Validate())
	}
}

var _ genesys.API = fake{}

func TestTheEndOfTheContextEndsTheSearch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := directory.Selection{Users: directory.All()}.Find(ctx, ended{})
	require.True(t, errors.Is(err, context.Canceled))
}

type ended struct{}

func (ended) Call(ctx context.Context, _ genesys.Request) ([]byte, error) { return nil, ctx.Err() }
