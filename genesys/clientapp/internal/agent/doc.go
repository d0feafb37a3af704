// Package agent finds out who an agent's browser speaks for.
//
// All that a frame can prove is a token of Genesys Cloud, which is opaque: the
// only one who can say what it is worth is the platform. A [Verifier] asks it,
// at the host that is configured and never at one that a request names:
//
//   - GET /api/v2/tokens/me: the token is of our organisation, and was made for
//     our OAuth client. Otherwise any other application that an agent uses could
//     speak for him here.
//   - GET /api/v2/users/me: it is a user, who is active.
//
// A verdict holds for at most five minutes, and not beyond the moment at which
// the token would be revoked for inactivity. It is kept under the SHA-256 of the
// token; the token itself is passed on to Genesys and neither kept nor told to
// anybody.
package agent
