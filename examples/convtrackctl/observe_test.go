package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// organisation is one in which a conversation full of canaries happens, and what
// tells of it.
func organisation(t *testing.T) (env, canaries []string, playing func()) {
	t.Helper()
	const user, queue = "CANARY-user-0001", "CANARY-queue-0001"
	server := genesystest.NewServer(t, genesystest.Credentials("canary-client", "CANARY-SECRET"),
		genesystest.Queues(genesystest.Entry{ID: queue, Name: "CANARY-Queue"}), genesystest.Users(genesystest.Entry{ID: user, Name: "CANARY-Alice"}))
	amazon := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1})
	events := amazon.Queue("events", genesystest.QueueAttributes{DeadLetter: amazon.Queue("failed", genesystest.QueueAttributes{})})
	server.SendEnvelopes(events)
	story := genesystest.NewStory("CANARY-conversation")
	story.Tag = "CANARY-TAG"
	customer := story.Customer("CANARY-cust", 0)
	customer.Name, customer.Address, customer.Contact = hostile+"CANARY-NAME", "tel:+3161CANARY", "CANARY-contact"
	agent := story.Agent("CANARY-a", time.Second, user, queue).Answer(2 * time.Second)
	agent.Ends(4*time.Second, "client").WrapUp(5*time.Second, "CANARY-code")
	customer.Ends(4*time.Second, "peer")
	story.Attributes = append(story.Attributes, genesystest.Attribute{At: time.Second, Participant: customer.Participant, Values: map[string]string{"CANARY-KEY": "CANARY-VALUE"}})
	for _, l := range story.Legs {
		canaries = append(canaries, l.Participant, l.Session)
	}
	env = []string{"GENESYS_BASE_URL=" + server.URL(), "GENESYS_CLIENT_ID=canary-client", "GENESYS_CLIENT_SECRET=CANARY-SECRET",
		"CONVTRACK_SQS_QUEUE_URL=" + events.URL(), "AWS_ENDPOINT_URL_SQS=" + amazon.URL(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=CANARY-AWS"}
	return env, append(canaries, "CANARY", "canary-client", "31610", server.URL(), "sim-", "owned"), func() { server.Play(story) }
}

// observed runs observe on an organisation and ends it with an interrupt, once
// enough was heard.
func observed(t *testing.T, args ...string) (r result, canaries []string) {
	t.Helper()
	env, canaries, play := organisation(t)
	c := command(t, "", "", append([]string{"observe", "-for", "10m", "-grace", "1s", "-take"}, args...)...)
	c.Env = append(c.Env, env...)
	var stdout bytes.Buffer
	stderr := &lines{}
	c.Stdout, c.Stderr = &stdout, stderr
	require.NoError(t, c.Start())
	until(t, func() bool { return strings.Contains(stderr.String(), " of 10m0s: ") }) // everybody listens
	play()
	until(t, func() bool { // all mechanisms have told of it
		last := stderr.String()
		return strings.Contains(last, "snapshots") && strings.Contains(last, "EventBridge") && strings.Contains(last, "records")
	})
	time.Sleep(6 * time.Second) // the conversation's
	require.NoError(t, c.Process.Signal(os.Interrupt))
	_ = c.Wait()
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}, canaries
}

func TestObserveReportsWhatItHasHeardWhenItIsInterruptedAndNothingOfAnybody(t *testing.T) {
	t.Parallel()
	r, canaries := observed(t)
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, "1 conversation, observed for ")
	require.Contains(t, r.stdout, "seen         a page of the details query can have 100 results (hundred-results, 6.5): seen, in 1 case")
	require.Regexp(t, `not seen +a ring of bullseye routing can be 0 \(ring-zero, 6.9\): not seen in 1 conversation`, r.stdout)
	require.Contains(t, r.stdout, "further facts cannot be seen by listening")
	require.Contains(t, r.stderr, "Ctrl-C ends it early")
	requireHarmless(t, r.stdout+r.stderr)
	for _, canary := range canaries {
		require.NotContains(t, r.stdout+r.stderr, canary)
	}
}

func TestObserveWritesJSON(t *testing.T) {
	t.Parallel()
	r, canaries := observed(t, "-json")
	require.Zero(t, r.code, r.stderr)
	var report struct {
		Conversations int
		Mechanisms    []struct {
			Name     string
			Messages int
			Lag      *struct{ MedianMs int }
		}
		Facts []struct{ ID, Verdict string }
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report))
	require.Equal(t, 1, report.Conversations)
	require.NotEmpty(t, report.Facts)
	heard := map[string]bool{}
	for _, m := range report.Mechanisms {
		heard[m.Name] = m.Messages > 0
	}
	for _, name := range []string{"snapshots", "EventBridge", "records"} {
		require.True(t, heard[name], name)
	}
	for _, canary := range canaries {
		require.NotContains(t, r.stdout, canary)
	}
}

func TestObserveLeavesAQueueAloneUnlessItIsToldTo(t *testing.T) {
	t.Parallel()
	amazon := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1})
	queue := amazon.Queue("events", genesystest.QueueAttributes{})
	queue.Send([]byte("{}"))
	c := command(t, "", "", "observe")
	c.Env = append(c.Env, "CONVTRACK_SQS_QUEUE_URL="+queue.URL(), "AWS_ENDPOINT_URL_SQS="+amazon.URL(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 2, c.ProcessState.ExitCode())
	require.Contains(t, string(out), "-take")
	require.Zero(t, amazon.Calls("ReceiveMessage"))
}

func TestObserveSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := call(t, "", "", "observe")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "GENESYS_REGION")
	r = call(t, "", "", "observe", "-for", "0s")
	require.Equal(t, 2, r.code)
}

// lines is what a program that runs has written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestObserveRefusesATimeInWhichNothingCouldBeLost(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-for", "1m"}, {"-for", "30s"}, {"-for", "10m", "-grace", "10m"}} {
		r := call(t, "", "", append([]string{"observe"}, args...)...)
		require.Equal(t, 2, r.code)
		require.Contains(t, r.stderr, "-grace", args)
	}
}
