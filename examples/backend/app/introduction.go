package app

import (
	"cmp"
	"fmt"
	"io"
)

// introduce says what is on, and what is off and how to switch it on.
func introduce(w io.Writer, is environment, store, address string) {
	say := func(on bool, name, what, how string) {
		if on {
			_, _ = fmt.Fprintf(w, "on:  %s: %s\n", name, what)
		} else {
			_, _ = fmt.Fprintf(w, "off: %s: %s\n", name, how)
		}
	}
	say(true, "store", store, "")
	say(true, "HTTP", fmt.Sprintf("http://%s, with GET /healthz, /readyz and /metrics", address), "")
	var api, queue string
	if is.api != nil {
		api = fmt.Sprintf("WebSocket and polling at %s; queues and users are found by itself", cmp.Or(is.api.BaseURL, is.api.Region.Domain))
	}
	say(is.api != nil, "API", api, "set GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, or GENESYS_BASE_URL for a simulator")
	if is.queue != nil {
		queue = is.queue.URL
	}
	say(is.queue != nil, "EventBridge through SQS", queue, "set CONVTRACK_SQS_QUEUE_URL and AWS's variables")
	tokens := len(is.tokens) > 0
	say(tokens, "EventBridge over HTTP", "POST "+eventbridgePath, "set CONVTRACK_TOKENS")
	updates := "POST " + updatesPath
	if is.api == nil {
		updates += "; without the API nothing reads what a call hints at"
	}
	say(tokens, "data action", updates, "set CONVTRACK_TOKENS")
	page := fmt.Sprintf("http://%s%s", address, panelPath)
	if is.panel != nil && is.panel.sdk == "" {
		page += ", with the SDKs from Genesys's CDN; GENESYS_CLIENTAPP_SDK names a folder node_modules that has them"
	}
	say(is.panel != nil, "client app", page, "set GENESYS_CLIENTAPP_ID and GENESYS_ORGANIZATION_ID")
	say(is.traces, "traces (OpenTelemetry)", "sent through OTLP", "set OTEL_EXPORTER_OTLP_ENDPOINT, as http://localhost:4318")
	say(is.metrics, "metrics through OTLP", "sent beside GET /metrics", "set OTEL_EXPORTER_OTLP_ENDPOINT")
	inspector := fmt.Sprintf("http://%s%s", address, operatePath)
	if is.operator == "" {
		inspector += ", from this machine alone and read-only; set CONVTRACK_OPERATOR_PASSWORD to look from elsewhere and to decide, as operator"
	} else {
		inspector += ", for operator with CONVTRACK_OPERATOR_PASSWORD"
	}
	say(true, "inspector", inspector, "")
}
