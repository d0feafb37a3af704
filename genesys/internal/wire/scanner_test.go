package wire

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// looseOptions are those of a decoder that looks at what the scanner looks at.
var looseOptions = json.JoinOptions(options, jsontext.AllowDuplicateNames(true))

// scanned returns the first value as the scanner reads it; nothing when it does
// not.
func scanned(data []byte) []byte {
	s, _ := newScanner(data)
	v, err := s.whole()
	if err != nil {
		return nil
	}
	return v
}

// requireNoMoreThanADecoder demands that what the scanner reads is what a decoder
// reads.
func requireNoMoreThanADecoder(t require.TestingT, data []byte) {
	if v := scanned(data); v != nil {
		want, err := jsontext.NewDecoder(bytes.NewReader(data), looseOptions).ReadValue()
		require.NoError(t, err, "%q", data)
		require.Equal(t, string(want), string(v), "%q", data)
	}
}

var parts = []string{"{", "}", "[", "]", ",", ":", `"`, `"a"`, `"b":`, `\`, `\n`, `\u00`, `\u0041`, `\ud800`, "ü", "\xff", "\x00", "\x1f", "\t", " ", "\n", "\v", "\u00a0", "0", "-", "1", "9", ".", "e", "E+",
	"true", "false", "null", "nul", "/", "//", "'", "NaN", "\x7f"}

const document = ` {"a" : "b\"\\\u00e9", "list":[1 , -0.5e+10,true,false,null,{},[ ]],"ü":{"deep":[{"x":[]}]},"":0}`

func TestTheScannerReadsNothingThatADecoderDoesNot(t *testing.T) {
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		var data []byte
		if rapid.Bool().Draw(t, "from parts") {
			data = []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 12).Draw(t, "parts"), ""))
		} else {
			data = []byte(document)
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
				end := min(len(data), at+rapid.IntRange(0, 4).Draw(t, "less"))
				if data = slices.Replace(data, at, end, []byte(rapid.SampledFrom(parts).Draw(t, "more"))...); len(data) == 0 {
					return
				}
			}
		}
		requireNoMoreThanADecoder(t, data)
		if scanned(data) != nil {
			read++
		}
	})
	require.Positive(t, read)
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte(document))
	f.Fuzz(func(t *testing.T, data []byte) { requireNoMoreThanADecoder(t, data) })
}

func TestTheScannerReadsAllJSONThatIsNotNestedDeeply(t *testing.T) {
	for _, whole := range []string{document, `""`, `0`, `-1.5E-3`, `[[],{}]`, strings.Repeat("[", mostDeep) + strings.Repeat("]", mostDeep)} {
		require.Equal(t, strings.TrimSpace(whole), string(scanned([]byte(whole+" "))))
	}
	for _, refused := range []string{"}", "[", `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[,1]`, `{1:1}`, `[1}`, `{"a":1]`, "\"\n\"", `"\x"`, `"\u12"`, `01x`, `-`, `1.`, `1e`, "tru",
		strings.Repeat("[", mostDeep+1) + strings.Repeat("]", mostDeep+1), strings.Repeat("[", 1_000_000)} {
		require.Nil(t, scanned([]byte("["+refused+"]")), refused)
	}
	require.Nil(t, scanned(nil))
	require.Nil(t, scanned([]byte(" ")))
}

// What the scanner reads of a frame is what the decoder reads.
func TestAFrameIsReadAlikeByTheScannerAndByTheDecoder(t *testing.T) {
	const frame = `{"topicName":"t","version":"2","eventBody":{"id":"c","startTime":"2025-01-10T09:00:00.000Z","maxParticipants":3,"other":[1,{"x":"\n"}],
		"divisions":[{"division":{"id":"d"}}],"participants":[{"id":"p","purpose":"agent","wrapupRequired":true,"attributes":{"a":"b","n":1,"z":null,"o":{"x":[]}},
		"conversationRoutingData":{"queue":{"id":"q"},"priority":5,"skills":[{"id":"s"}]},"wrapup":{"tags":["a",1,null,""],"durationSeconds":"7"},
		"calls":[{"id":"l","state":"connected","held":false,"connectedTime":1736499600000,"self":{"addressRaw":"r\u00e4"},"journeyContext":{"sessionId":"j"}}]}]},"metadata":{"x":1}}`
	read := func(data []byte, live bool) (*Conversation, string, error) {
		var c Conversation
		topic := ""
		err := Frame(data, live, func(name string) any { topic = name; return &c })
		return &c, topic, err
	}
	_, _, err := read([]byte(frame), true)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(frame)
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
			end := min(len(data), at+rapid.IntRange(0, 2).Draw(t, "less"))
			data = slices.Replace(data, at, end, []byte(rapid.SampledFrom(append([]string{""}, parts...)).Draw(t, "more"))...)
		}
		got, topic, err := read(data, true)
		if err != nil {
			return
		}
		want, is, err := read(data, false)
		require.NoError(t, err, "%q", data)
		require.Equal(t, is, topic)
		require.Equal(t, want, got, "%q", data)
	})
}

// The bytes are those that end a text or must not be in one, and those beside them
// in value, in texts of all lengths that fit differently into what is looked at at once.
func TestATextEndsWhereADecoderSaysWhateverStandsInIt(t *testing.T) {
	for n := range 30 {
		for at := range n {
			for c, valid := range map[byte]bool{'"': false, '!': true, '#': true, '\\': false, '[': true, ']': true, 0x1f: false, 0: false, ' ': true, 0x7f: true, 0x80: true, 0xdc: true, 0xa2: true, 0xff: true} {
				data := []byte(`"` + strings.Repeat("~", n) + `","",""`)
				data[1+at] = c
				requireNoMoreThanADecoder(t, data)
				if valid {
					require.Equal(t, string(data[:n+2]), string(scanned(data)), "%#x at %d of %d", c, at, n)
				}
			}
		}
	}
}

func TestTextsThatAreNotWrittenAsTheyAreDoNotRunIntoEachOther(t *testing.T) {
	const written = `{"topicName":"t","eventBody":{"id":"\u0063","participants":[{"id":"p\/1","name":"J\u00f6rg","attributes":{"a":"\n","b":"\"\"\"","c":"plain","d":"2 \u003e 1"},
		"wrapup":{"notes":"a\tb","tags":["\u0031","\u00322"]},"queueId":"q"}]}}`
	const names = `{"topicName":"t","eventBody":{"id":"c","participants":[{"\u0069d":"p\/1","attributes":{"\u0061":"\n","\u0062b":"\"\"\""}}]}}`
	read := func(data string, live bool) (c Conversation) {
		require.NoError(t, Frame([]byte(data), live, func(string) any { return &c }))
		return c
	}
	p := read(written, true).Participants[0]
	require.Equal(t, []any{"p/1", "Jörg", "q", "a\tb", Texts{"1", "22"}}, []any{p.ID, p.Name, p.QueueID, p.Wrapup.Notes, p.Wrapup.Tags})
	require.Equal(t, Attributes{"a": "\n", "b": `"""`, "c": "plain", "d": "2 > 1"}, p.Attributes)
	require.Equal(t, read(written, false), read(written, true))
	p = read(names, false).Participants[0]
	require.Equal(t, "p/1", p.ID)
	require.Equal(t, Attributes{"a": "\n", "bb": `"""`}, p.Attributes)
}
