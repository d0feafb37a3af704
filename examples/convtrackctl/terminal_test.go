package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

func TestAnErrorOfSeveralLinesIsWrittenInOne(t *testing.T) {
	several := errors.Join(errors.New("the CRM is away"), errors.New("\tso is the archive")).Error()
	var text strings.Builder
	to := &terminal{w: &text}
	list(to, &store.FailedItem{ID: "x", Failure: store.Failure{Hook: "archive", Attempts: 1, Error: several}}, false)
	to.say("hook archive%s", tries(1, several))
	(&diagnosis{out: to}).failed("store", errors.New(several), "")
	require.Equal(t, 3, strings.Count(text.String(), "the CRM is away so is the archive\n"), text.String())
}
