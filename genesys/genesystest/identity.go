package genesystest

import "net/http"

// tokensMe answers GET /api/v2/tokens/me.
func (s *Server) tokensMe(c *call) answer {
	return ok(Object{"organization": Object{"id": s.organization, "name": "Simulated"}, "homeOrganization": Object{"id": s.organization, "name": "Simulated"},
		"authorizedScope": []string{}, "OAuthClient": Object{"id": c.token.client, "name": "Simulator", "organization": Object{"id": s.organization}}})
}

// organizationsMe answers GET /api/v2/organizations/me.
func (s *Server) organizationsMe(*call) answer {
	return ok(Object{"id": s.organization, "name": "Simulated", "thirdPartyOrgName": "simulated", "domain": "simulated", "state": "active",
		"defaultLanguage": "en-us", "selfUri": "/api/v2/organizations/" + s.organization})
}

// notAUser answers what only a user may ask: a token of client credentials has
// none (trap 20).
func (s *Server) notAUser(*call) answer {
	return refuse(http.StatusBadRequest, "not.a.user", "This request requires a user context. Client credentials cannot be used for requests to this resource.")
}
