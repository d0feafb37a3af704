// Package ingress is how handlers take what others post: from strangers, at any
// rate, at any speed, while the store may be down.
//
//	h, err := ingress.New(ingress.Config{
//		Name:         "eventbridge",
//		Authenticate: ingress.Secrets(secrets, ingress.Bearer, ingress.Basic, ingress.APIKey),
//		MaxBody:      1 << 20,
//		Handle:       func(ctx context.Context, body []byte) ingress.Reply { … },
//	})
//
// In this order: the method (405), who it is (401 or 403), what it says it sends
// (415, 413), whether there is room (429 with Retry-After), the body, and then
// Handle, which answers when the facts are stored. Whatever happens, an answer
// is given before Config.AnswerWithin is over: 503 with Retry-After when nobody
// has anything better to say by then.
//
// Nobody is told 401 or 403 but for what he has presented: a connection of
// EventBridge with an API key or Basic is de-authorised for good by a single 401
// or 407, one with OAuth by a 403. So a wrong or missing bearer token is 401, a
// wrong API key or password 403, and secrets that cannot be had now (rotation,
// start-up) are 503.
//
// Memory is bounded by Config.MaxConcurrent × Config.MaxBody: a call keeps its
// place until Handle has returned, also when it was answered before. A body that
// is compressed is refused and never unpacked. The log is told of kinds and
// numbers, never of the body, of headers or of who calls.
//
// The context of Handle says where the call comes from: the name of the handler, and
// the trace that a header traceparent names (internal/origin).
//
// The host's http.Server is what bounds the time that headers may take: set its
// ReadHeaderTimeout.
package ingress
