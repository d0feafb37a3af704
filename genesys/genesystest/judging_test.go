package genesystest_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// channel is what one way of hearing of surveys and evaluations knows.
type channel struct {
	said    []*conversation.Conversation
	surveys bool
	deleted bool
	rounded bool // the scores
	once    bool // told when something changes, and not that a date has come
}

// TestWhatASurveyOrAnEvaluationComesToIsTheSameOverEveryChannel plays the
// scenarios and listens, asks the quality API and reads the record half an hour
// after each change, and some seconds after, when answers can be stale.
func TestWhatASurveyOrAnEvaluationComesToIsTheSameOverEveryChannel(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		if len(scenario.Judged) == 0 {
			continue
		}
		t.Run(scenario.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const long = 10_000 * time.Hour
				s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.HeartbeatEvery(long), genesystest.ChannelLifetime(long), genesystest.TokenLifetime(long))
				c := newClient(t, s)
				_, uri := c.channel("v2.quality.evaluations")
				socket := c.open(uri)
				story := scenario.Story()
				s.Play(story)
				began := time.Now()
				topic, rest, record := channel{rounded: true, once: true}, channel{surveys: true}, channel{surveys: true, deleted: true, rounded: true}
				read := func(to *channel, path string) {
					to.said = append(to.said, understood(t, c.do(http.MethodGet, path, nil, http.StatusOK).body)...)
				}
				for _, at := range changes(story) {
					for _, after := range []time.Duration{4 * time.Second, 30 * time.Minute} {
						if d := time.Until(began.Add(at + after)); d > 0 {
							time.Sleep(d)
						}
						for _, f := range socket.soFar() {
							topic.said = append(topic.said, understood(t, f)...)
						}
						read(&rest, "/api/v2/quality/conversations/"+story.ID+"/surveys")
						read(&rest, "/api/v2/quality/evaluations/query?expandAnswerTotalScores=true&conversationId="+story.ID)
						read(&rest, "/api/v2/quality/evaluations/query?conversationId="+story.ID)
						read(&record, "/api/v2/analytics/conversations/"+story.ID+"/details")
					}
				}
				all := channel{said: slices.Concat(topic.said, rest.said, record.said), surveys: true, deleted: true}
				for name, ch := range map[string]channel{"the topic": topic, "the quality API": rest, "the record": record, "all": all} {
					want := ch.knows(scenario)
					require.Equal(t, want, ch.words(nil), "%s alone", name)
					for seed := range uint64(20) {
						require.Equal(t, want, ch.words(rand.New(rand.NewPCG(seed, 1))), "%s, shuffled by %d", name, seed)
					}
				}
			})
		})
	}
}

// changes are the times at which a survey or evaluation of the story changes.
func changes(s *genesystest.Story) []time.Duration {
	var all []time.Duration
	for _, v := range s.Surveys {
		all = append(all, v.Sent, v.Completed, v.Expired, v.Failed)
	}
	for _, e := range s.Evaluations {
		all = append(all, e.Assigned, e.Started, e.Finished, e.Reopened, e.Rescored, e.Released, e.Read, e.Deleted)
	}
	all = slices.DeleteFunc(all, func(at time.Duration) bool { return at == genesystest.Never })
	slices.Sort(all)
	return slices.Compact(all)
}

func understood(t *testing.T, body []byte) []*conversation.Conversation {
	t.Helper()
	m, err := genesys.Decode(body, time.Now())
	require.NoError(t, err, "%s", body)
	return m.Conversations
}

var exactScore = regexp.MustCompile(`\d+\.\d+`)

// knows returns what is to be told, as far as the channel knows it.
func (ch channel) knows(s genesystest.Scenario) []string {
	scheduled := slices.ContainsFunc(s.Story().Evaluations, func(e *genesystest.Evaluation) bool { return e.Released > e.Finished })
	var known []string
	for _, words := range s.Judged {
		if strings.HasPrefix(words, "survey") && !ch.surveys {
			continue
		}
		if strings.HasPrefix(words, "survey") && ch.rounded {
			words = strings.TrimSuffix(words, " survey.invite.failed")
		}
		switch { // who asks is told of nothing any more
		case ch.once:
			words = strings.Replace(words, " deleted", "", 1)
		case !ch.deleted:
			words = strings.Replace(words, " deleted", " assigned", 1)
		}
		if ch.once && scheduled {
			words = strings.Replace(words, " released", "", 1)
		}
		if ch.rounded {
			words = exactScore.ReplaceAllStringFunc(words, func(score string) string {
				n, _ := strconv.ParseFloat(score, 64)
				return fmt.Sprint(math.Round(n))
			})
		}
		known = append(known, words)
	}
	return known
}

// words joins what was said, in a random order, twice, and says what the
// surveys and evaluations have come to.
func (ch channel) words(rnd *rand.Rand) []string {
	var c *conversation.Conversation
	said := ch.said
	if rnd != nil {
		said = slices.Concat(said, said)
		rnd.Shuffle(len(said), func(i, k int) { said[i], said[k] = said[k], said[i] })
	}
	for _, partial := range said {
		c = conversation.Merge(c, partial)
	}
	var words []string
	say := func(parts ...string) {
		words = append(words, strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " "))
	}
	if c == nil {
		return nil
	}
	for _, e := range c.Evaluations {
		say("evaluation", e.ID, string(e.Status), when(e.Released, "released"), when(e.Rescored, "rescored"), when(e.Deleted, "deleted"),
			when(e.AssigneeID != "", "assigned"), scores("/", e.TotalScore, e.TotalCriticalScore))
	}
	for _, v := range c.Surveys {
		say("survey", v.ID, string(v.Status), when(v.Partial, "partial"), scores("", v.TotalScore), v.ErrorReason)
	}
	return words
}

func when(is bool, word string) string {
	if is {
		return word
	}
	return ""
}

func scores(separator string, all ...*float64) string {
	var texts []string
	for _, score := range all {
		if score != nil {
			texts = append(texts, fmt.Sprint(*score))
		}
	}
	return strings.Join(texts, separator)
}
