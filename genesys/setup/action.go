package setup

import "strings"

// action is a data action as it is exported and imported.
type action struct {
	Name            string       `json:"name"`
	IntegrationType string       `json:"integrationType"`
	ActionType      string       `json:"actionType"` // the import fails without it
	Config          actionConfig `json:"config"`
	Contract        contract     `json:"contract"`
	Secure          bool         `json:"secure"`
}

type actionConfig struct {
	Request  actionRequest  `json:"request"`
	Response actionResponse `json:"response"`
}

type actionRequest struct {
	URL      string            `json:"requestUrlTemplate"`
	Method   string            `json:"requestType"`
	Headers  map[string]string `json:"headers"`
	Template string            `json:"requestTemplate"`
}

type actionResponse struct {
	TranslationMap         map[string]string `json:"translationMap"`
	TranslationMapDefaults map[string]string `json:"translationMapDefaults"`
	SuccessTemplate        string            `json:"successTemplate"`
}

type contract struct {
	Input  inputContract  `json:"input"`
	Output outputContract `json:"output"`
}

type inputContract struct {
	Schema schema `json:"inputSchema"`
}

type outputContract struct {
	Schema schema `json:"successSchema"`
}

type schema struct {
	Schema               string              `json:"$schema"`
	Title                string              `json:"title"`
	Type                 string              `json:"type"`
	Required             []string            `json:"required,omitempty"`
	Properties           map[string]property `json:"properties"`
	AdditionalProperties bool                `json:"additionalProperties"`
}

type property struct {
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
}

// newAction composes the data action: every call of it tells the backend that
// something happened to a conversation. The backend owns the answer, so it is
// handed on as it is; a translation map that does not fit would give an empty
// result without an error.
func newAction(p *plan) action {
	required, optional := []string{"source", "topic", "conversationId"}, []string{"participantId", "eventTime", "note"}
	return action{
		Name:            p.ActionName,
		IntegrationType: "custom-rest-actions",
		ActionType:      "custom",
		Config: actionConfig{
			Request: actionRequest{
				URL:    p.UpdatesURL,
				Method: "POST",
				Headers: map[string]string{
					"Accept":        "application/json",
					"Authorization": "Bearer ${credentials.dcmToken}",
					"Content-Type":  "application/json",
					"X-DCM-Source":  "data-action",
				},
				Template: requestTemplate(required, optional),
			},
			Response: actionResponse{TranslationMap: map[string]string{}, TranslationMapDefaults: map[string]string{}, SuccessTemplate: "${rawResult}"},
		},
		Contract: contract{
			Input: inputContract{newSchema("DcmUpdate", required, map[string]property{
				"source":         {"string", "trigger, inbound-call, in-queue, inbound-message or a label of your own"},
				"topic":          {"string", "The topic's template, or a label of your own"},
				"conversationId": {"string", "The conversation that something happened to"},
				"participantId":  {"string", "The participant that it happened to, if one is meant"},
				"eventTime":      {"string", "When it happened: ISO 8601, or milliseconds since 1970"},
				"note":           {"string", "A short label for what is not said otherwise; no personal data"},
			})},
			Output: outputContract{newSchema("DcmAck", nil, map[string]property{
				"accepted": {"boolean", "Whether the conversation is one of yours"},
				"caseId":   {"string", "The case; empty when there is none"},
			})},
		},
	}
}

func newSchema(title string, required []string, properties map[string]property) schema {
	return schema{Schema: "http://json-schema.org/draft-04/schema#", Title: title, Type: "object", Required: required, Properties: properties}
}

// requestTemplate is the Velocity template of the body. ${input.x} and
// $esc.jsonString(${input.x}) print themselves when x is null, and $!{input.x}
// prints nothing, so each member is guarded: a null is as an empty text, and an
// optional member that is empty is left out.
func requestTemplate(required, optional []string) string {
	var b strings.Builder
	write := func(parts ...string) {
		for _, part := range parts {
			b.WriteString(part)
		}
	}
	for i, name := range required {
		write([]string{"{", ","}[min(i, 1)], `"`, name, `":"`, guard(name), value(name), `#end"`)
	}
	for _, name := range optional {
		write(guard(name), `,"`, name, `":"`, value(name), `"#end`)
	}
	return b.String() + "}"
}

func guard(name string) string { return `#if("$!{input.` + name + `}" != "")` }
func value(name string) string { return `$esc.jsonString(${input.` + name + `})` }
