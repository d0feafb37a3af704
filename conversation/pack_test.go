package conversation

import (
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAConversationSurvivesThatItIsPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c *Conversation
		for _, said := range rapid.SliceOfN(rapid.Custom(drawPartial), 1, 4).Draw(t, "said") {
			c = Merge(c, said)
		}
		again, err := Unpack(Pack(nil, c))
		require.NoError(t, err)
		requireSame(t, c, again)
	})
}

func TestAPartialConversationSaysTheSameAfterItWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var known *Conversation
		for _, said := range rapid.SliceOfN(rapid.Custom(drawPartial), 0, 3).Draw(t, "known") {
			known = Merge(known, said)
		}
		said := drawPartial(t)
		again, err := UnpackPartial(Pack(nil, said))
		require.NoError(t, err)
		requireSame(t, Merge(known, said), Merge(known, again))
	})
}

func TestEveryFieldSurvivesThatItIsPacked(t *testing.T) {
	survives(t, conversationFields)
	survives(t, participantFields)
	survives(t, sessionFields)
	survives(t, segmentFields)
	survives(t, transferFields)
	survives(t, surveyFields.schema)
	survives(t, evaluationFields.schema)
}

func survives[E any](t *testing.T, fields schema[E]) {
	for i := range fields.fields {
		var e, again E
		fill(t, fields.fields[i].Value(&e))
		b := fields.pack(nil, &e)
		fields.unpack(&again, &reader{rest: b, whole: string(b)})
		require.Equal(t, e, again, fields.fields[i].Name)
	}
}

func TestAProvenanceWithAFieldThatIsNotKnownIsRefused(t *testing.T) {
	of := func(set ...byte) error {
		b := binary.LittleEndian.AppendUint64([]byte{1}, uint64(bySource(SourceTopic, at(1))))
		return new(Segment).SetProvenance(append(append(b, byte(len(set))), set...))
	}
	n := len(segmentFields.fields)
	last := make([]byte, n/8+1)
	last[(n-1)/8] = 1 << ((n - 1) % 8)
	require.NoError(t, of(last...))
	require.NoError(t, of(append(last, make([]byte, 20)...)...))
	for _, i := range []int{n, 63, 64, mostFields - 1, mostFields, mostFields + 20} {
		set := make([]byte, i/8+1)
		set[i/8] = 1 << (i % 8)
		require.ErrorIs(t, of(set...), errProvenance, "field %d", i)
	}
}

// FuzzUnpack: what is damaged is an error, never a panic.
func FuzzUnpack(f *testing.F) {
	f.Add(Pack(nil, Merge(nil, say(SourceTopic, 1, func(p *Participant, s *Session) { p.Attributes = map[string]string{"a": "b"}; s.ANI = "x" }))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := Unpack(data); err == nil && c == nil {
			t.Fatal("neither a conversation nor an error")
		}
	})
}

func BenchmarkPack(b *testing.B) {
	c := Merge(nil, say(SourceTopic, 1, func(p *Participant, s *Session) { p.Attributes = map[string]string{"a": "b"}; s.ANI = "x" }))
	packed := Pack(nil, c)
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			packed = Pack(packed[:0], c)
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Unpack(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fill sets the value that the pointer points to.
func fill(t *testing.T, pointer any) {
	v := reflect.ValueOf(pointer).Elem()
	one := 1.5
	for _, x := range []any{"text", true, int64(-7), &one, at(90).Add(time.Microsecond), []string{"a", "b"}, []int64{1, 2}, []time.Time{at(1), at(2)},
		ListOf(FlowOutcome{ID: "o", Value: "SUCCESS", Start: at(1), End: at(2)}, FlowOutcome{ID: "p"}), ListOf(FlowMilestone{ID: "m", Time: at(1)}, FlowMilestone{}),
		ListOf(Resolution{"q", "u", at(1), 1}, Resolution{}), ListOf(MediaEndpointStat{at(1), []string{"audio/opus"}, &one, &one, 1, 2, 3, 4, 5, 6, 7}, MediaEndpointStat{})} {
		if value := reflect.ValueOf(x); value.CanConvert(v.Type()) && value.Kind() == v.Kind() {
			v.Set(value.Convert(v.Type()))
			return
		}
	}
	t.Fatalf("no value for a %s", v.Type())
}
