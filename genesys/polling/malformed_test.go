package polling

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

func TestWhatIsMalformedIsCountedEachTimeAndNamedOnce(t *testing.T) {
	var log bytes.Buffer
	m := newMalformed(slog.New(slog.NewTextHandler(&log, nil)))
	var reading sync.WaitGroup
	for range 30 { // several reads meet it at the same time
		reading.Go(func() { m.note("details", jsontext.Value(`{"conversationId":"c-1"}`), errors.New("odd")) })
	}
	reading.Wait()
	m.note("surveys", jsontext.Value(`{"conversationId":"c-1"}`), errors.New("odd"))
	m.note("details", jsontext.Value(`{"conversationId":"c-2"}`), errors.New("odd"))
	require.EqualValues(t, 32, m.count.Load())
	require.Equal(t, 3, strings.Count(log.String(), "\n"), "once for each conversation and read")
}

func TestWhatIsMalformedIsNamedByItsIDAndNeverByWhatItSays(t *testing.T) {
	for element, id := range map[string]string{
		`{"conversationId":"c-1","id":"other"}`: "c-1", `{"id":"c-2"}`: "c-2", `{"id":7}`: "unknown", `7`: "unknown", `{"id":`: "unknown",
		`{"id":"a person's name"}`: "unknown", `{"conversationId":"+4930123456"}`: "unknown", `{"conversationId":["c-1"],"id":"c-3"}`: "c-3",
		`{"id":"c-4","participants":"a person's name"}`: "c-4",
	} {
		var log bytes.Buffer
		newMalformed(slog.New(slog.NewTextHandler(&log, nil))).note("details", jsontext.Value(element), errors.New("odd"))
		require.Contains(t, log.String(), "id="+id, element)
		require.NotContains(t, log.String(), "person")
		require.NotContains(t, log.String(), "4930123456")
	}
}

func TestHowManyOfTheMalformedAreRememberedIsBounded(t *testing.T) {
	m := newMalformed(slog.New(slog.DiscardHandler))
	for n := range 3 * mostNamed {
		require.True(t, m.first(fmt.Sprint("details c-", n)))
		require.LessOrEqual(t, len(m.named), mostNamed)
	}
}
