package conversation

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnumsOfEveryChannelHaveOneSpelling(t *testing.T) {
	require.Equal(t, MediaVoice, ParseMediaType("VOICE"))
	require.Equal(t, MediaInternalMessage, ParseMediaType("INTERNALMESSAGE"))
	require.Equal(t, Inbound, ParseDirection("INBOUND"))
	require.Equal(t, PurposeAgent, ParsePurpose("AGENT"))
	require.Equal(t, SegmentIVR, ParseSegmentType("IVR"))
	require.Equal(t, SegmentWrapup, ParseSegmentType("Wrapup"))
	require.Equal(t, RoutingMethod("Standard"), ParseRoutingMethod("STANDARD"))
	require.Equal(t, EvaluationInProgress, ParseEvaluationStatus("INPROGRESS"))
	require.Equal(t, EvaluationInReview, ParseEvaluationStatus("InReview"))
	require.Equal(t, ACDFlowOut, ParseACDOutcome("flow_out"))
}

func TestUnknownStatesNothingAndNewValuesSurvive(t *testing.T) {
	require.Empty(t, ParseMediaType("UNKNOWN"))
	require.Empty(t, ParseDirection("unknown"))
	require.Empty(t, ParseRoutingMethod("UNKNOWN"))
	require.Equal(t, MediaType("hologram"), ParseMediaType("HOLOGRAM"))
	require.Equal(t, EvaluationStatus("Paused"), ParseEvaluationStatus("Paused"))
	require.Equal(t, OtherSide, Purpose("dialer.system").Side())
}
