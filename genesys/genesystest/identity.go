package genesystest

import "net/http"

// organisationName is how every organisation is called.
const organisationName = "Simulated"

// tokensMe answers GET /api/v2/tokens/me.
func (s *Server) tokensMe(c *call) answer {
	t := c.token
	organisation := Object{"id": t.OrganizationID, "name": organisationName}
	scopes := append([]string{}, t.Scopes...)
	o := Object{"organization": organisation, "homeOrganization": organisation, "authorizedScope": scopes,
		"OAuthClient": Object{"id": t.ClientID, "name": "Simulator", "organization": Object{"id": t.OrganizationID}}}
	if t.Cloned {
		o["clonedUser"] = Object{"id": "home-" + t.UserID, "organization": Object{"id": "home-of-" + t.OrganizationID}}
	}
	if s.tokens.idle(t) {
		o["dateTokenIdles"] = isoTime(t.idles)
	}
	return ok(o)
}

// usersMe answers GET /api/v2/users/me.
func (s *Server) usersMe(c *call) answer {
	if c.token.UserID == "" {
		return s.notAUser(c)
	}
	found := s.directory.find(s.directory.users, []string{c.token.UserID}, "")
	if len(found) == 0 { // of another organisation
		found = []Entry{{ID: c.token.UserID, Name: c.token.UserID}}
	}
	o := userObject(found[0])
	for _, part := range list(c.URL.Query(), "expand") {
		switch part {
		case "organization":
			o[part] = Object{"id": c.token.OrganizationID, "name": organisationName, "state": "active"}
		case "authorization":
			o[part] = Object{"roles": []Object{}, "permissions": s.rights.of(c.token.UserID)}
		}
	}
	return ok(o)
}

// organizationsMe answers GET /api/v2/organizations/me.
func (s *Server) organizationsMe(c *call) answer {
	id := c.token.OrganizationID
	return ok(Object{"id": id, "name": organisationName, "thirdPartyOrgName": "simulated", "domain": "simulated", "state": "active",
		"defaultLanguage": "en-us", "selfUri": "/api/v2/organizations/" + id})
}

// notAUser answers what only a user may ask: a token of client credentials has
// none (trap 20).
func (s *Server) notAUser(*call) answer {
	return refuse(http.StatusBadRequest, "not.a.user", "This request requires a user context. Client credentials cannot be used for requests to this resource.")
}
