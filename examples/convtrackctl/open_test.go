package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const number = "+31612345678"

// called is a story of a customer with that number.
func called(id string) *genesystest.Story {
	s := genesystest.NewStory(id)
	caller := s.Customer("caller", 0)
	caller.Address, caller.Name = "tel:"+number, "Eve Example"
	queue := s.Queue("acd", time.Second, "q-1")
	agent := s.Agent("a", 5*time.Second, "user-a", "q-1").Answer(8 * time.Second)
	queue.AnsweredBy(agent, 0)
	agent.Ends(20*time.Second, "peer").WrapUp(25*time.Second, "w-1")
	caller.Ends(20*time.Second, "client")
	return s
}

func TestAConversationIsShownAndWhatIsPersonalOnlyWhenItIsAskedFor(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		id := hear(t, track(t, store, noHooks()), called("c-open"))
		until(t, func() bool { return strings.Contains(done(t, store, "open", id), "conversation.ended") })
		text := done(t, store, "open", id)
		for _, said := range []string{"conversation c-open: Ended, inbound voice", "█", "user-a", "agent.connected", "userId=user-a", "queueId=q-1"} {
			require.Contains(t, text, said)
		}
		asJSON := done(t, store, "open", id, "-json")
		for _, output := range []string{text, asJSON} {
			require.NotContains(t, output, number)
			require.NotContains(t, output, "Eve")
		}
		var document struct {
			Status string
			Legs   []struct{ UserID, Purpose string }
			Events []struct {
				Seq  int
				Type string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(asJSON), &document))
		require.Equal(t, "Ended", document.Status)
		require.Len(t, document.Legs, 3)
		require.Equal(t, "conversation.created", document.Events[0].Type)

		require.Contains(t, done(t, store, "open", "-personal", id), number)
		everything := done(t, store, "open", "-personal", "-json", id)
		require.Contains(t, everything, number)
		require.Contains(t, everything, "Eve Example")
	})
}

func TestHostileNamesStayHarmlessInTheTerminal(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		s := called("c-hostile")
		for _, l := range s.Legs {
			l.Name, l.Disconnect = hostile, hostile
			if l.User != "" {
				l.User = hostile
			}
		}
		s.Legs[0].Address = "sip:" + hostile
		id := hear(t, track(t, store, noHooks()), s)
		for _, args := range [][]string{{"open", id}, {"open", "-personal", id}, {"open", "-json", id}, {"open", "-personal", "-json", id}} {
			output := done(t, store, args...)
			require.Contains(t, output, "Eve")
			requireHarmless(t, output)
		}
		missing := call(t, store, "", "open", hostile)
		requireHarmless(t, missing.stderr)
		unknown := call(t, store, "", hostile)
		require.Equal(t, 2, unknown.code)
		requireHarmless(t, unknown.stderr)
	})
}

func TestTailPrintsEachEventOnceAsItIsAnnouncedUntilItIsInterrupted(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		tracker := track(t, store, noHooks())
		before := hear(t, tracker, called("c-before"))
		until(t, func() bool { return strings.Contains(done(t, store, "open", before), "conversation.ended") })

		tail := command(t, store, "", "tail", "-json", "-every", "50ms")
		path := t.TempDir() + "/tailed"
		file, err := os.Create(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, file.Close()) }()
		tail.Stdout = file
		require.NoError(t, tail.Start())
		tailed := func() string {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			return string(text)
		}
		// Until it listens, what is announced is of the time before.
		for n := 0; tailed() == ""; n++ {
			probe := called("c-probe")
			probe.ID, probe.Start = "c-probe-"+time.Now().Format("150405.000000"), time.Now()
			hear(t, tracker, probe)
			time.Sleep(200 * time.Millisecond)
		}
		s := called("c-now")
		s.Start = time.Now()
		hear(t, tracker, s)
		ended := func() bool { return strings.Contains(done(t, store, "open", "c-now"), "conversation.ended") }
		until(t, ended)
		types := func() (types []string) {
			for line := range strings.Lines(tailed()) {
				var e struct{ ConversationID, Type string }
				if json.Unmarshal([]byte(line), &e) == nil && e.ConversationID == "c-now" {
					types = append(types, e.Type)
				}
			}
			return types
		}
		var document struct{ Events []struct{ Type string } }
		require.NoError(t, json.Unmarshal([]byte(done(t, store, "open", "-json", "c-now")), &document))
		until(t, func() bool { return len(types()) >= len(document.Events) })
		require.NoError(t, tail.Process.Signal(os.Interrupt))
		err = tail.Wait()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 130, exit.ExitCode())
		var want []string
		for _, e := range document.Events {
			want = append(want, e.Type)
		}
		require.Equal(t, want, types())
		require.NotContains(t, tailed(), before)
		require.NotContains(t, tailed(), number)
	})
}
