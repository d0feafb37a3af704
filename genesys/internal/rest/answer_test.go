package rest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

func TestASuccessThatIsNotTheAPIsIsAnErrorThatPasses(t *testing.T) {
	for name, a := range map[string]rest.Answer{
		"a page":                      {Body: []byte("<html>" + person), Header: header("Content-Type", "text/html; charset=utf-8")},
		"a page of an unknown kind":   {Body: []byte(" \n<!DOCTYPE html>" + person)},
		"a page that calls itself so": {Body: []byte(`{"user":"` + person + `"}`), Header: header("Content-Type", "text/html")},
		"text":                        {Body: []byte("Please sign in, " + person), Header: header("Content-Type", "application/json")},
		"nothing":                     {Body: []byte{}},
		"nothing but blanks":          {Body: []byte(" \r\n")},
	} {
		synctest.Test(t, func(t *testing.T) {
			a.Status = 200
			err := call(t.Context(), newClient(t, answering(a, nil)))
			require.ErrorIs(t, err, genesys.ErrNotUnderstood, name)
			require.False(t, genesys.IsPermanent(err), name)
			require.True(t, genesys.HasStatus(err, 200), name)
			require.NotContains(t, err.Error(), person)
		})
	}
}

func TestJSONOfAnyContentTypeAndAnEmptyAnswerToAWriteAreUnderstood(t *testing.T) {
	for _, a := range []rest.Answer{
		{Status: 200, Body: []byte(`{}`), Header: header("Content-Type", "application/json")},
		{Status: 200, Body: []byte(`[]`), Header: header("Content-Type", "text/plain")},
		{Status: 202, Body: []byte(`{}`)},
		{Status: 204},
	} {
		synctest.Test(t, func(t *testing.T) { require.NoError(t, call(t.Context(), newClient(t, answering(a, nil)))) })
	}
	synctest.Test(t, func(t *testing.T) {
		_, err := newClient(t, answering(rest.Answer{Status: 202}, nil)).Call(t.Context(), genesys.Request{Path: ping.Path, Body: []byte(`{}`)})
		require.NoError(t, err)
	})
}
