package genesys_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// everyList has a message for each list of objects, with the mark LIST in the place
// of its elements.
func everyList() map[string]string {
	topic := func(body string) string {
		return `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c",` + body + `}}`
	}
	rest := func(body string) string { return `{"id":"c","startTime":"2025-01-10T09:00:00Z",` + body + `}` }
	record := func(body string) string {
		return `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z",` + body + `}`
	}
	session := func(body string) string {
		return record(`"participants":[{"participantId":"p","sessions":[{"sessionId":"s","mediaType":"voice",` + body + `}]}]`)
	}
	detail := func(body string) string {
		return `{"topicName":"v2.detail.events.conversation.c.user.end","eventBody":{"eventTime":1736499700000,"conversationId":"c","participantId":"p","sessionId":"s",` + body + `}}`
	}
	return map[string]string{
		"participants of a topic":                topic(`"participants":[LIST]`),
		"participants of a topic that reads odd": topic(`"address":1,"participants":[LIST]`),
		"participants of a REST conversation":    rest(`"participants":[LIST]`),
		"participants of a media topic":          strings.Replace(topic(`"participants":[LIST]`), ".conversations", ".conversations.calls", 1),
		"calls of a topic":                       topic(`"participants":[{"id":"p","calls":[LIST]}]`),
		"calls of a REST conversation":           rest(`"participants":[{"id":"p","calls":[LIST]}]`),
		"segments of a REST conversation":        rest(`"participants":[{"id":"p","calls":[{"id":"s","segments":[LIST]}]}]`),
		"evaluations of a REST conversation":     rest(`"participants":[{"id":"p","evaluations":[LIST]}]`),
		"divisions":                              topic(`"participants":[],"divisions":[LIST]`),
		"transfers":                              topic(`"participants":[],"recentTransfers":[LIST]`),
		"participants of a record":               record(`"participants":[LIST]`),
		"evaluations of a record":                record(`"participants":[],"evaluations":[LIST]`),
		"surveys of a record":                    record(`"participants":[],"surveys":[LIST]`),
		"resolutions of a record":                record(`"participants":[],"resolutions":[LIST]`),
		"sessions":                               record(`"participants":[{"participantId":"p","sessions":[LIST]}]`),
		"segments of a record":                   session(`"segments":[LIST]`),
		"metrics":                                session(`"metrics":[LIST]`),
		"statistics of audio":                    session(`"mediaEndpointStats":[LIST]`),
		"outcomes of a flow":                     session(`"flow":{"outcomes":[LIST]}`),
		"milestones of a flow":                   session(`"flow":{"milestones":[LIST]}`),
		"milestones of a flow in a detail event": detail(`"flowMilestones":[LIST]`),
		"communications in a detail event":       detail(`"communications":[LIST]`),
	}
}

// allocatedFor decodes the message with a list of 1 MiB of the element, and returns
// how much memory that took.
func allocatedFor(message, element string) (mib uint64, err error) {
	list := strings.Repeat(element+",", 1<<20/(len(element)+1))
	data := []byte(strings.Replace(message, "LIST", list[:len(list)-1], 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = genesys.Decode(data, time.Time{})
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20, err
}

func TestElementsThatSayNothingTakeNoMemory(t *testing.T) {
	for name, message := range everyList() {
		for _, nothing := range []string{"{}", "null", "{ }", "[\n]"} {
			mib, err := allocatedFor(message, nothing)
			require.NoError(t, err, "%s, %s", name, nothing)
			require.LessOrEqual(t, mib, uint64(8), "MiB for %s, %s", name, nothing)
		}
	}
}

func TestAListOfTooManyElementsIsRefused(t *testing.T) {
	for name, message := range everyList() {
		mib, err := allocatedFor(message, `{"id":"1"}`)
		require.ErrorContains(t, err, "the list has more than 16384 elements", name)
		require.LessOrEqual(t, mib, uint64(256), "MiB for %s", name)
	}
}

// TestARefusalIsSmallHoweverMuchIsRefused: who sends a message chooses how much of
// it that is.
func TestARefusalIsSmallHoweverMuchIsRefused(t *testing.T) {
	for name, message := range map[string]string{
		"an array": `[LIST]`, "records": `{"records":[LIST]}`, "a listing": `{"entities":[LIST]}`, "arrays in each other": `[[[[[[LIST]]]]]]`,
		"sessions without an id":     `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","sessions":[{"mediaType":"voice"},LIST]}]}`,
		"participants without an id": `[{"id":"c","participants":[{"purpose":"agent"},LIST]}]`,
	} {
		for _, element := range []string{`1`, `{}`, `[1]`} {
			mib, err := allocatedFor(message, element)
			require.LessOrEqual(t, mib, uint64(256), "MiB for %s of %s", name, element)
			if err != nil {
				require.Less(t, len(err.Error()), 64<<10, "%s of %s", name, element)
				require.LessOrEqual(t, len(genesys.Refusals(err)), 21, "%s of %s", name, element)
			}
		}
	}
}

// TestAttributesCostTheSameWhateverFollows: each participant of a record may have
// some, and a record may be large.
func TestAttributesCostTheSameWhateverFollows(t *testing.T) {
	took := func(member string) time.Duration {
		participants := strings.Repeat(`{"participantId":"p",`+member+`},`, 16_000)
		message := []byte(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[` + participants[:len(participants)-1] +
			`],"externalTag":"` + strings.Repeat("x", 8<<20) + `"}`)
		begin := time.Now()
		_, err := genesys.Decode(message, time.Time{})
		require.NoError(t, err)
		return time.Since(begin)
	}
	with, without := took(`"attributes":{"a":"b"}`), took(`"participantName":"b"`)
	require.Less(t, with, 10*without+2*time.Second, "without any it took %s", without)
}
