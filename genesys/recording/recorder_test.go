package recording_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/recording"
)

var key = []byte("0123456789abcdef")

type source struct{ says *conversation.Conversation }

func (s source) Run(ctx context.Context, sink conversation.Sink) error {
	return sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{s.says}})
}

type poller struct {
	source
	repaired *conversation.Gap
}

func (p poller) Read(context.Context, string) error { return errors.New("read") }
func (p poller) Repair(g conversation.Gap)          { *p.repaired = g }
func (p poller) String() string                     { return "poller" }

func said() *conversation.Conversation {
	return conversation.State(&conversation.Conversation{ID: "c", ExternalTag: "private"}, conversation.Statement{By: conversation.SourceREST, Seen: time.Now()})
}

func TestARecordedSourceIsAllThatItWas(t *testing.T) {
	var file bytes.Buffer
	r, err := recording.New(&file, key)
	require.NoError(t, err)
	var heard []string
	sink := func(_ context.Context, u conversation.Update) error {
		heard = append(heard, u.Conversations[0].ExternalTag)
		return nil
	}
	var gap conversation.Gap
	s := r.Hears(poller{source{said()}, &gap})
	require.NoError(t, s.Run(t.Context(), sink))
	require.Equal(t, []string{"private"}, heard, "the tracker hears the original")
	require.NotContains(t, file.String(), "private")
	require.ErrorContains(t, s.(interface {
		Read(context.Context, string) error
	}).Read(t.Context(), "c"), "read")
	s.(interface{ Repair(conversation.Gap) }).Repair(conversation.Gap{Source: "socket"})
	require.Equal(t, "socket", gap.Source)
	require.Equal(t, "poller", s.(interface{ String() string }).String())
	_, reads := r.Hears(source{said()}).(interface {
		Read(context.Context, string) error
	})
	require.False(t, reads)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFileThatIsFullStopsTheRecordingAndNotTheSource(t *testing.T) {
	r, err := recording.New(full{}, key)
	require.NoError(t, err)
	require.NoError(t, r.Hears(source{said()}).Run(t.Context(), func(context.Context, conversation.Update) error { return nil }))
	require.ErrorContains(t, r.Err(), "no space left")
}

func TestAWrongRecorderAndAWrongFileAreNamed(t *testing.T) {
	_, err := recording.New(nil, key)
	require.ErrorContains(t, err, "nothing to write to")
	_, err = recording.New(full{}, []byte("short"))
	require.ErrorContains(t, err, "at least 16")
	_, err = recording.Read(bytes.NewReader([]byte("\n{}\nno line\n")))
	require.ErrorContains(t, err, "line 3")
}

type telling struct{ poller }

func (telling) Health() conversation.SourceHealth {
	return conversation.SourceHealth{Reason: "no right"}
}

func TestARecordedSourceSaysHowItDoes(t *testing.T) {
	r, err := recording.New(&bytes.Buffer{}, key)
	require.NoError(t, err)
	type reporter interface {
		Health() conversation.SourceHealth
	}
	s := r.Hears(telling{poller{source{said()}, new(conversation.Gap)}})
	says, tells := s.(reporter)
	require.True(t, tells)
	require.Equal(t, "no right", says.Health().Reason)
	_, reads := s.(interface {
		Read(context.Context, string) error
	})
	require.True(t, reads)
	_, tells = r.Hears(source{said()}).(reporter)
	require.False(t, tells)
}

func TestALastLineThatWasCutOffLeavesTheOthers(t *testing.T) {
	var file bytes.Buffer
	r, err := recording.New(&file, key)
	require.NoError(t, err)
	require.NoError(t, r.Record(time.Now(), conversation.Update{Conversations: []*conversation.Conversation{said()}}))
	line := file.String()
	for cut := len(line) + 1; cut < 2*len(line)-1; cut++ { // without its last byte it is whole
		heard, err := recording.Read(strings.NewReader((line + line)[:cut]))
		require.NoError(t, err, cut)
		require.Len(t, heard, 1, cut)
	}
}
