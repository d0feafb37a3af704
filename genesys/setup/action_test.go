package setup_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// dataAction is what the tests read of the data action's file.
type dataAction struct {
	Name            string
	IntegrationType string
	ActionType      string
	Config          struct {
		TimeoutSeconds *int
		Request        struct {
			RequestURLTemplate string `json:"requestUrlTemplate"`
			RequestType        string
			Headers            map[string]string
			RequestTemplate    string
		}
		Response struct {
			TranslationMap         map[string]string
			TranslationMapDefaults map[string]string
			SuccessTemplate        string
		}
	}
	Contract struct {
		Input  struct{ InputSchema jsonSchema }
		Output struct{ SuccessSchema jsonSchema }
	}
	Secure *bool
}

type jsonSchema struct {
	Type                 string
	Required             []string
	Properties           map[string]struct{ Type string }
	AdditionalProperties *bool
}

func readAction(t *testing.T, all map[string]string) dataAction {
	t.Helper()
	var a dataAction
	require.NoError(t, json.Unmarshal([]byte(all["genesys/dcm-report-update.custom.json"]), &a))
	return a
}

func TestTheDataActionHasWhatAnImportNeeds(t *testing.T) {
	a := readAction(t, files(t, everything()))
	require.Equal(t, "custom-rest-actions", a.IntegrationType)
	require.Equal(t, "custom", a.ActionType, "an import without it fails")
	require.Equal(t, "https://dcm.example.com/genesys/v1/updates", a.Config.Request.RequestURLTemplate)
	require.Equal(t, "POST", a.Config.Request.RequestType)
	require.Nil(t, a.Config.TimeoutSeconds, "no exported file has it")
	require.NotNil(t, a.Secure)
	require.Equal(t, "object", a.Contract.Input.InputSchema.Type)
	require.Equal(t, []string{"source", "topic", "conversationId"}, a.Contract.Input.InputSchema.Required)
	require.Equal(t, []string{"conversationId", "eventTime", "note", "participantId", "source", "topic"},
		slices.Sorted(maps.Keys(a.Contract.Input.InputSchema.Properties)))
}

// TestTheAnswerOfTheBackendIsTheResult: a translation map that does not fit
// gives an empty result without an error, so there is none.
func TestTheAnswerOfTheBackendIsTheResult(t *testing.T) {
	a := readAction(t, files(t, everything()))
	require.Empty(t, a.Config.Response.TranslationMap)
	require.Empty(t, a.Config.Response.TranslationMapDefaults)
	require.Equal(t, "object", a.Contract.Output.SuccessSchema.Type)
	types := map[string]string{}
	for name, p := range a.Contract.Output.SuccessSchema.Properties {
		types[name] = p.Type
	}
	require.Equal(t, map[string]string{"accepted": "boolean", "caseId": "string"}, types, "flat, and all the backend answers")
	v := renderer(t, "")
	for _, answer := range []string{`{"accepted":true,"caseId":"CASE-1"}`, `{"accepted":false,"caseId":""}`, `{"accepted":true,"caseId":"${input.x} #if \" $!{y} \\ ü"}`} {
		require.Equal(t, answer, v.render(t, a.Config.Response.SuccessTemplate, value{object: "rawResult", text: &answer}))
	}
}

func TestTheTokenIsInTheHeader(t *testing.T) {
	a := readAction(t, files(t, everything()))
	token := "s3cr3t/+="
	v := renderer(t, "")
	require.Equal(t, "Bearer s3cr3t/+=", v.render(t, a.Config.Request.Headers["Authorization"], value{"credentials", "dcmToken", &token}))
	for name, header := range a.Config.Request.Headers {
		if name != "Authorization" {
			require.Equal(t, header, v.render(t, header))
		}
	}
	require.Equal(t, "application/json", a.Config.Request.Headers["Content-Type"])
	require.Equal(t, "application/json", a.Config.Request.Headers["Accept"], "anything but a JSON media type is refused")
}

var hostile = []string{
	"", " ", "plain", "11111111-2222-4333-8444-555555555555", "v2.detail.events.conversation.{id}.user.end",
	`"`, `\`, `\"`, `","conversationId":"other`, `"}`, "line\nfeed", "carriage\rreturn\ttab", "\x00\x01\x1f\x7f",
	"#", "##comment", "#if(true)x#end", "#set($a = 1)", "#end", "#*", "*#", "#[[raw]]#", "#include('/etc/passwd')",
	"$", "$!", "$$", "${input.note}", "$!{input.source}", "$esc.jsonString($input)", "${credentials.dcmToken}", "$input.getClass()",
	"'", "<b>&amp;</b>", "/*", "//", "null", "true", "0", "{}", "[]", "%s", `$!{"a"}`,
	"größer ü", "日本語", "🙂💥", "\u2028\u2029\ufeff", "e\u0301", "\u202eleft",
	strings.Repeat("x", 32_000), strings.Repeat(`"\`, 16_000), strings.Repeat("🙂", 8_000),
}

var inputs = []string{"source", "topic", "conversationId", "participantId", "eventTime", "note"}

// body renders the request for values, and decodes it as strictly as can be.
func body(t *testing.T, v *velocity, a dataAction, given map[string]*string) string {
	t.Helper()
	values := []value{{"input", "unused", nil}}
	for _, name := range inputs {
		if text, has := given[name]; has {
			values = append(values, value{"input", name, text})
		}
	}
	return v.render(t, a.Config.Request.RequestTemplate, values...)
}

// expect checks that a body says exactly what was given: a required member is
// empty text, and an optional one is left out, when it is null, absent or empty.
func expect(t require.TestingT, body string, given map[string]*string) {
	want := map[string]any{"source": "", "topic": "", "conversationId": ""}
	for name, text := range given {
		if text != nil && *text != "" {
			want[name] = *text
		}
	}
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &got), "%.300s", body)
	require.Equal(t, want, got)
	require.Equal(t, len(want), strings.Count(skeleton(body), `"":`), "each member once: %.300s", body)
}

// skeleton is a JSON text without what is between the quotes of its strings.
func skeleton(body string) string {
	var b strings.Builder
	for inside, i := false, 0; i < len(body); i++ {
		switch {
		case inside && body[i] == '\\':
			i++
		case body[i] == '"':
			inside = !inside
			b.WriteByte('"')
		case !inside:
			b.WriteByte(body[i])
		}
	}
	return b.String()
}

func TestTheRequestSaysExactlyWhatTheFlowSaid(t *testing.T) {
	a := readAction(t, files(t, everything()))
	text := func(s string) *string { return &s }
	for _, escape := range []string{"", "ascii"} {
		t.Run("escape "+escape, func(t *testing.T) {
			v := renderer(t, escape)
			usual := map[string]*string{"source": text("trigger"), "topic": text("v2.quality.evaluations"), "conversationId": text("c-1")}
			for _, name := range inputs {
				for _, s := range hostile {
					if len(s) > 1000 && name != "note" {
						continue // Velocity is slow with long ones; all members have them below
					}
					given := maps.Clone(usual)
					given[name] = &s
					expect(t, body(t, v, a, given), given)
				}
				given := maps.Clone(usual)
				given[name] = nil
				expect(t, body(t, v, a, given), given)
				delete(given, name)
				expect(t, body(t, v, a, given), given)
			}
			for _, s := range hostile {
				given := map[string]*string{}
				for _, name := range inputs {
					given[name] = text(s)
				}
				expect(t, body(t, v, a, given), given)
			}
			expect(t, body(t, v, a, nil), nil)
		})
	}
}

// TestTheRequestSaysAnyTextExactly composes values of pieces that mean something
// to Velocity and to JSON.
func TestTheRequestSaysAnyTextExactly(t *testing.T) {
	a := readAction(t, files(t, everything()))
	v := renderer(t, "")
	piece := rapid.OneOf(rapid.SampledFrom([]string{"#", "$", "!", "{", "}", `"`, `\`, "\n", "(", ")", "[[", "#if(", "#end", "${input.", "$esc."}), rapid.StringN(0, 3, 12))
	rapid.Check(t, func(rt *rapid.T) {
		given := map[string]*string{}
		for _, name := range inputs {
			switch rapid.IntRange(0, 5).Draw(rt, name) {
			case 0:
			case 1:
				given[name] = nil
			default:
				s := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(rt, fmt.Sprint(name, " text")), "")
				given[name] = &s
			}
		}
		expect(rt, body(t, v, a, given), given)
	})
}
