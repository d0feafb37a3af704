package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/programtest"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		programtest.Remove()
		os.Exit(code)
	}))
}

// result is what one run printed.
type result struct {
	code          int
	events        []event
	conversations []map[string]any
	stdout        string
	stderr        string
}

type event struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject"`
	Time        string         `json:"time"`
	Data        map[string]any `json:"data"`
}

// play runs the program.
func play(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	r := result{code: run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)}
	r.stdout, r.stderr = stdout.String(), stderr.String()
	for line := range strings.Lines(r.stdout) {
		var e event
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		if e.Type == "conversation" {
			r.conversations = append(r.conversations, e.Data)
		} else {
			r.events = append(r.events, e)
		}
	}
	return r
}

// write writes the messages into a file, one after the other.
func write(t *testing.T, messages [][]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "messages.json")
	require.NoError(t, os.WriteFile(name, bytes.Join(messages, []byte(" ")), 0o600))
	return name
}

func TestTheStoryPrintsTheSameEventsOverEveryChannelAndMixture(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	records := s.Records()
	files := []string{write(t, s.Details()), write(t, s.Envelopes()), write(t, s.Snapshots()), write(t, records[len(records)-1:])}
	var want []string
	for mixture := 1; mixture < 1<<len(files); mixture++ {
		var chosen []string
		for i, f := range files {
			if mixture&(1<<i) != 0 {
				chosen = append(chosen, f)
			}
		}
		var conversation string
		for seed := 0; seed <= 50; seed++ {
			args := chosen
			if seed > 0 {
				args = append([]string{"-shuffle", fmt.Sprint(seed), "-repeat", "3"}, chosen...)
			}
			r := play(t, "", args...)
			require.Zero(t, r.code, r.stderr)
			var got []string
			for _, e := range r.events {
				what := e.Type + " " + e.ID
				if e.Type == "agent.transferred" {
					what += fmt.Sprint(e.Data["from"], e.Data["to"], e.Data["transferType"])
				}
				got = append(got, what)
			}
			slices.Sort(got)
			if want == nil {
				want = got
				require.Len(t, want, 20)
			}
			require.Equal(t, want, got, "mixture %b, seed %d", mixture, seed)
			require.Len(t, r.conversations, 1)
			now, err := json.Marshal(r.conversations[0])
			require.NoError(t, err)
			if conversation == "" {
				conversation = string(now)
			}
			require.Equal(t, conversation, string(now), "mixture %b, seed %d", mixture, seed)
		}
	}
	counts := map[string]int{}
	for _, w := range want {
		counts[strings.Fields(w)[0]]++
	}
	require.Equal(t, map[string]int{"conversation.created": 1, "participant.added": 6, "agent.connected": 2,
		"agent.transferred": 1, "agent.disconnected": 1, "conversation.ended": 1,
		"conversation.queued": 2, "agent.alerted": 2, "agent.left": 2, "agent.wrappedUp": 2}, counts)
}

func TestEventsAreCloudEvents(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	r := play(t, string(bytes.Join(s.Snapshots(), nil)))
	require.Zero(t, r.code)
	var order []string
	for _, e := range r.events {
		require.Equal(t, "1.0", e.SpecVersion)
		require.NotEmpty(t, e.ID)
		require.NotEmpty(t, e.Source)
		require.Equal(t, s.ID, e.Subject)
		at, err := time.Parse(time.RFC3339Nano, e.Time)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(e.Time, "Z"), e.Time)
		require.Equal(t, 2025, at.Year())
		order = append(order, e.Type)
	}
	require.Equal(t, "conversation.created", order[0])
	require.Equal(t, "conversation.ended", order[len(order)-1])
	for _, e := range r.events {
		switch e.Type {
		case "agent.transferred":
			require.Equal(t, map[string]any{"participantId": "p-a", "sessionId": "s-a", "userId": "user-a"}, e.Data["from"])
			require.Equal(t, map[string]any{"kind": "queue", "queueId": "q-2"}, e.Data["to"])
			require.Equal(t, "blind", e.Data["transferType"])
		case "agent.disconnected":
			require.Equal(t, "user-b", e.Data["userId"])
			require.Equal(t, "client", e.Data["disconnectType"])
			require.EqualValues(t, 0, e.Data["remainingAgents"])
		case "conversation.ended":
			require.Equal(t, "2025-01-10T09:05:30Z", e.Data["conversationEnd"])
		}
	}
	c := r.conversations[0]
	require.Equal(t, "Ended", c["calculatedStatus"])
	require.Len(t, c["participants"], 6)
}

func TestWhatIsNotUnderstoodIsNamedAndTheRestGoesOn(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	messages := s.Snapshots()
	heartbeat := `{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}`
	r := play(t, heartbeat+"\n"+string(messages[0])+"\n{\"hello\":\"world\"}\n{\"topicName\":\"v2.users\n"+string(bytes.Join(messages, nil))+" nonsense")
	require.Equal(t, exitRefused, r.code)
	require.Len(t, r.events, 20)
	require.Equal(t, []string{
		"stdin:value 3: message: the object is of no shape that is known here",
		"stdin:value 4: message at /topicName: the JSON ends in the middle (byte 22)",
		fmt.Sprintf("stdin:value %d: message: not valid JSON", 4+len(messages)+1), "",
	}, strings.Split(r.stderr, "\n"))
}

func TestFilesAreNamedInRefusals(t *testing.T) {
	name := write(t, [][]byte{[]byte(`{"hello":1}`)})
	r := play(t, "", name, "/does/not/exist.json")
	require.Equal(t, exitRefused, r.code)
	require.Equal(t, name+":value 1: message: the object is of no shape that is known here\n/does/not/exist.json: no such file or directory\n", r.stderr)
}

func TestEachBadElementOfAPageIsNamed(t *testing.T) {
	r := play(t, `{"conversations":[{"conversationId":"c"},{"conversationId":"a","conversationStart":"2025-01-10T09:00:00Z"},{"conversationId":"b","conversationEnd":"never"}]}`)
	require.Equal(t, exitRefused, r.code)
	require.Len(t, r.conversations, 1)
	require.Equal(t, 2, strings.Count(r.stderr, "stdin:value 1: page of conversations, element"), r.stderr)
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-unknown"}, {"-repeat", "0"}, {"-repeat", "x"}, {"-shuffle", "x"}, {"-store", "oracle"}, {"-store", "postgres://nobody@127.0.0.1:1/none"}} {
		r := play(t, "", args...)
		require.Equal(t, exitUsage, r.code, args)
		require.NotEmpty(t, r.stderr, args)
		require.Empty(t, r.stdout, args)
	}
	require.Zero(t, play(t, "", "-help").code)
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWrittenEndsTheRunAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	began := time.Now()
	code := run(t.Context(), nil, bytes.NewReader(bytes.Join(genesystest.BlindTransferToQueue().Snapshots(), nil)), full{}, &stderr)
	require.Equal(t, exitRefused, code)
	require.Contains(t, stderr.String(), "no space left on device")
	require.Less(t, time.Since(began), time.Minute)
}

func TestNothingToReadIsNoErrorButIsSaid(t *testing.T) {
	for _, stdin := range []string{"", " \n", "\ufeff", "[]"} {
		r := play(t, stdin)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stdout)
		require.Equal(t, stdin != "[]", r.stderr == "stdin: there is no message in it\n", r.stderr)
	}
}

func TestValuesAreFoundInAnyConcatenation(t *testing.T) {
	for text, want := range map[string][]string{
		`{"a":1}{"b":2}`:                     {`{"a":1}`, `{"b":2}`},
		"{\"a\":1}\n\n[2] \"x}\" 17,true":    {`{"a":1}`, `[2]`, `"x}"`, `17`, `true`},
		`{"a":"}{\"]"}{}`:                    {`{"a":"}{\"]"}`, `{}`},
		"{\"a\":\n{\"b\":2}":                 {`{"a":`, `{"b":2}`},
		"{\"broken\ntext\":1}\n{\"c\":3}":    {"{\"broken\ntext\":1}", `{"c":3}`},
		"INFO 17 {\"a\":1}\n{\"b\":2}":       {`INFO`, `17`, `{"a":1}`, `{"b":2}`},
		"\x1e{\"seq\":1}\n\x1e{\"seq\":2}\n": {`{"seq":1}`, `{"seq":2}`},
	} {
		for _, chunk := range []int{1, 3, 1000} {
			require.Equal(t, want, split(text, chunk), "%q in chunks of %d", text, chunk)
		}
	}
}

// TestACutTextIsOneLine: wherever a text is cut, that costs one line, and what
// is whole is used. What its beginning was cut off from may begin with a value.
func TestACutTextIsOneLine(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	record := s.Records()[3]
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, record, "", "  "))
	whole := `{"conversationId":"whole","conversationStart":"2025-01-10T09:00:00Z"}` + "\n"
	for _, text := range []string{string(record), pretty.String()} {
		for at := 1; at < len(text)-1; at += 1 + len(text)/80 {
			for name, c := range map[string]struct {
				input string
				most  int
			}{
				"its end, at the end":         {whole + text[:at], 1},
				"its end, before others":      {whole + text[:at] + "\n" + whole, 1},
				"its beginning":               {text[at:] + "\n" + whole, 3},
				"its beginning, among others": {whole + text[at:] + "\n" + whole, 3},
			} {
				if c.most > 1 && strings.ContainsAny(strings.TrimLeft(text[at:], " ,\n")[:1], "{[") {
					continue
				}
				r := play(t, c.input)
				lines := strings.Count(r.stderr, "\n")
				require.Positive(t, lines)
				require.LessOrEqual(t, lines, c.most, "%s at %d: %s", name, at, r.stderr)
				require.Equal(t, exitRefused, r.code)
				require.True(t, slices.ContainsFunc(r.conversations, func(c map[string]any) bool { return c["conversationId"] == "whole" }), "%s at %d", name, at)
			}
		}
	}
	list := `{"conversations":[` + "\n" + strings.Repeat(strings.TrimSpace(whole)+",\n", 3)
	r := play(t, list+`{"conversationId":"c`)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
	require.Len(t, r.conversations, 1)
}

// split feeds the text to the splitter in chunks, as a scanner would.
func split(text string, chunk int) []string {
	var values []string
	var s splitter
	data, rest := "", text
	for {
		n := min(chunk, len(rest))
		data, rest = data+rest[:n], rest[n:]
		for {
			advance, token, _ := s.split([]byte(data), rest == "")
			data = data[advance:]
			if token == nil {
				break
			}
			values = append(values, string(token))
		}
		if rest == "" {
			return values
		}
	}
}

func TestOnADatabaseTheSameIsPrintedAndASecondRunAnnouncesNothingNew(t *testing.T) {
	input := string(bytes.Join(genesystest.BlindTransferToQueue().Snapshots(), nil))
	inMemory := play(t, input)
	for name, where := range map[string]string{
		"SQLite":     "sqlite:" + filepath.Join(t.TempDir(), "replay.db"),
		"PostgreSQL": postgres(t),
	} {
		t.Run(name, func(t *testing.T) {
			first := play(t, input, "-store", where)
			require.Zero(t, first.code, first.stderr)
			require.Equal(t, inMemory.stdout, first.stdout)
			second := play(t, input, "-store", where, "-repeat", "3")
			require.Zero(t, second.code, second.stderr)
			require.Empty(t, second.events)
			require.Equal(t, first.conversations, second.conversations)
		})
	}
}

// postgres returns the address of an empty database.
func postgres(t *testing.T) string {
	c, err := pgtest.Start(os.Getenv("CONVTRACK_TEST_POSTGRES"), pgtest.Unsynced())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c.URL(c.Schema(t))
}

func TestAStoreThatCannotBeOpenedIsNamed(t *testing.T) {
	r := play(t, "", "-store", "sqlite:/does/not/exist/replay.db")
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.stderr, "/does/not/exist/replay.db")
}

func TestAnInterruptDoesNotWaitForMoreToRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdin, typed := io.Pipe()
	defer func() { _ = typed.Close() }()
	read := make(chan struct{})
	go func() {
		_, _ = typed.Write(append(genesystest.BlindTransferToQueue().Snapshots()[0], '\n'))
		close(read)
	}()
	var stdout, stderr bytes.Buffer
	code := make(chan int, 1)
	began := time.Now()
	go func() { code <- run(ctx, nil, stdin, &stdout, &stderr) }()
	<-read
	cancel()
	require.Equal(t, exitRefused, <-code)
	require.Contains(t, stderr.String(), "interrupted")
	require.Less(t, time.Since(began), 20*time.Second, "the drain time-out is 30 s")
}

func TestNoPieceIsEmptyWhateverByteStandsBetweenValues(t *testing.T) {
	for c := range 256 {
		for _, behind := range []string{"", "x", "\n{}", "\x00\x00"} {
			for _, atEOF := range []bool{false, true} {
				advance, token, err := (&splitter{}).split([]byte(string([]byte{byte(c)})+behind), atEOF)
				require.NoError(t, err)
				require.False(t, token != nil && (len(token) == 0 || advance == 0), "byte %#x before %q", c, behind)
			}
		}
	}
}

func TestADryRunAgainstNothingIsWrongUse(t *testing.T) {
	r := play(t, "", "-against", "")
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.stderr, "-against")
}
