package app

import (
	"errors"
	"strings"

	"github.com/dcmkit/convtrack/examples/internal/remote"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// environment is what the environment switches on.
type environment struct {
	api    *rest.Config  // nil: off
	queue  *remote.Queue // nil: off
	tokens []string      // none: off
	panel  *panelConfig  // nil: off
	exports
	// operator is the password of the operator; empty: who is at this machine looks
	// without one.
	operator string
}

// panelConfig is the client app: whose agents log in, with which OAuth client.
type panelConfig struct {
	client, organization string
	sdk                  string // folder node_modules; empty: Genesys's CDN
}

func readEnvironment(env func(string) string) (is environment, err error) {
	is.api, err = remote.API(env)
	if err == nil {
		is.queue, err = remote.SQS(env)
	}
	var wrong *remote.Error
	if errors.As(err, &wrong) {
		return is, &usageError{wrong.Variable, wrong.Err}
	}
	if is.tokens, err = readTokens(env("CONVTRACK_TOKENS")); err != nil {
		return is, err
	}
	is.panel, err = readPanel(env, is.api != nil)
	if err == nil {
		is.exports, err = readExports(env)
	}
	is.operator = env("CONVTRACK_OPERATOR_PASSWORD")
	return is, err
}

func readTokens(list string) (tokens []string, err error) {
	if list == "" {
		return nil, nil
	}
	for token := range strings.SplitSeq(list, ",") {
		if token = strings.TrimSpace(token); token != "" {
			tokens = append(tokens, token)
		}
	}
	if tokens == nil {
		return nil, wrongUsage("CONVTRACK_TOKENS", "there is no token in it; a comma stands between several")
	}
	return tokens, nil
}

func readPanel(env func(string) string, api bool) (*panelConfig, error) {
	c := &panelConfig{env("GENESYS_CLIENTAPP_ID"), env("GENESYS_ORGANIZATION_ID"), env("GENESYS_CLIENTAPP_SDK")}
	switch {
	case c.client == "" && c.organization == "":
		return nil, nil //nolint:nilnil // it is off
	case c.client == "":
		return nil, wrongUsage("GENESYS_CLIENTAPP_ID", "it is not set; it is that of an OAuth client with the grant Code Authorization")
	case c.organization == "":
		return nil, wrongUsage("GENESYS_ORGANIZATION_ID", "it is not set; Genesys Cloud shows it under Admin, Organization Settings")
	case !api:
		return nil, wrongUsage("GENESYS_REGION", "it is not set; the client app needs the API, to read what an agent's browser hints at")
	}
	return c, nil
}
