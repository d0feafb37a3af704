package conversation

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Go gives out memory in sizes of certain classes. There are as many sessions as
// legs, and one is made anew whenever something happens on a leg: one string more
// than fits would cost each of them an eighth more memory, and the time to clear
// and to scan it. What few legs have goes into a [List], flags side by side. Of
// what is larger than 512 bytes and has pointers 8 bytes are the runtime's.
func TestEntitiesFitTheirClassOfMemory(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(Session{}), uintptr(1792-8)) // the next class is 2048
	require.LessOrEqual(t, unsafe.Sizeof(Participant{}), uintptr(512))
	require.LessOrEqual(t, unsafe.Sizeof(Conversation{}), uintptr(704-8))
	require.LessOrEqual(t, unsafe.Sizeof(Segment{}), uintptr(416))
	require.LessOrEqual(t, unsafe.Sizeof(List[FlowOutcome]{}), unsafe.Sizeof(uintptr(0)))
}

func TestAListIsWrittenAndReadAsAnArray(t *testing.T) {
	for text, list := range map[string]List[FlowMilestone]{
		"[]":                    ListOf[FlowMilestone](),
		`[{"milestoneId":"m"}]`: ListOf(FlowMilestone{ID: "m"}),
	} {
		b, err := list.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, text, string(b))
		var again List[FlowMilestone]
		require.NoError(t, again.UnmarshalJSON(b))
		require.Equal(t, list, again)
		require.Equal(t, list.Len() == 0, again.IsZero())
	}
	require.Error(t, new(List[FlowMilestone]).UnmarshalJSON([]byte(`{}`)))
}
