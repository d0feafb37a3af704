// Package rest calls the REST API of Genesys Cloud: everything about a call
// that does not depend on how its bytes travel. How they travel is a
// [Transport]: [HTTP] is the plain one, genesys/platform has one that goes
// through the official SDK.
//
// A [Client] does five things, one file each:
//
//   - token.go: one token for all calls, fetched once however many wait for
//     it, renewed long before it expires, so that a login host that is down
//     is not noticed.
//   - budget.go, window.go, throttle.go: the rate limit. No request leaves
//     before there is room for it, and none before a Retry-After has passed.
//   - failure.go: an answer becomes a [genesys.APIError] that names the call
//     and quotes nothing of it.
//   - answer.go: a success that is not the API's is none.
//   - client.go: the order in which these happen.
//
// Nothing is repeated but one call after a 401, with a new token.
package rest
