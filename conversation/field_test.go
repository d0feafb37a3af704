package conversation

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFieldsAreNamedAsTheyAreWritten: the tables and the JSON use one name.
func TestFieldsAreNamedAsTheyAreWritten(t *testing.T) {
	checkNames(t, conversationFields, []string{"conversationId", "calculatedStatus", "conversationEnd", "participants", "recentTransfers", "surveys", "evaluations", "attributes"})
	checkNames(t, participantFields, []string{"participantId", "sessions", "attributes"})
	checkNames(t, sessionFields, []string{"sessionId", "segments", "metrics"})
	checkNames(t, segmentFields, []string{"segmentType", "segmentStart"})
	checkNames(t, transferFields, []string{"id"})
	checkNames(t, surveyFields.schema, []string{"surveyId"})
	checkNames(t, evaluationFields.schema, []string{"evaluationId"})
}

// checkNames demands that every field of E is in the table, but for its key
// and what hangs below it.
func checkNames[E any](t *testing.T, s schema[E], beside []string) {
	t.Helper()
	inTable := map[string]bool{}
	for _, f := range s.fields {
		require.False(t, inTable[f.Name], "%s is in the table twice", f.Name)
		inTable[f.Name] = true
	}
	typ := reflect.TypeFor[E]()
	for i := range typ.NumField() {
		field := typ.Field(i)
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || tag == "-" {
			continue
		}
		if !inTable[tag] && !slices.Contains(beside, tag) {
			t.Errorf("%s.%s is written as %q, which is not in the table of fields", typ.Name(), field.Name, tag)
		}
	}
}

func TestAFieldCanBeReadAndWrittenThroughItsTable(t *testing.T) {
	s := &Session{}
	for _, f := range sessionFields.fields {
		require.True(t, f.IsZero(s), f.Name)
		v := reflect.ValueOf(f.Value(s))
		require.Equal(t, reflect.Pointer, v.Kind(), f.Name)
	}
	*sessionFields.fields[fieldSessionDisconnectType].Value(s).(*DisconnectType) = DisconnectPeer
	require.Equal(t, DisconnectPeer, s.DisconnectType)
	require.False(t, sessionFields.fields[fieldSessionDisconnectType].IsZero(s))
}
