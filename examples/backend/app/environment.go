package app

import (
	"errors"
	"net/url"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// environment is what the environment switches on.
type environment struct {
	api    *rest.Config // nil: off
	queue  *sqsConfig   // nil: off
	tokens []string     // none: off
	panel  *panelConfig // nil: off
	// A way that this version does not have yet, though it is configured.
	operator bool
}

// panelConfig is the client app: whose agents log in, with which OAuth client.
type panelConfig struct {
	client, organization string
	sdk                  string // folder node_modules; empty: Genesys's CDN
}

// The credentials of examples/simulator, which are no secret.
const (
	simulatorClient = "simulator-client"
	simulatorSecret = "simulator-secret"
)

func readEnvironment(env func(string) string) (is environment, err error) {
	if is.api, err = readAPI(env); err != nil {
		return is, err
	}
	if is.queue, err = readSQS(env); err != nil {
		return is, err
	}
	if is.tokens, err = readTokens(env("CONVTRACK_TOKENS")); err != nil {
		return is, err
	}
	is.panel, err = readPanel(env, is.api != nil)
	is.operator = env("CONVTRACK_OPERATOR_PASSWORD") != ""
	return is, err
}

func readAPI(env func(string) string) (*rest.Config, error) {
	region, base := env("GENESYS_REGION"), env("GENESYS_BASE_URL")
	c := &rest.Config{BaseURL: base, ClientID: env("GENESYS_CLIENT_ID"), ClientSecret: env("GENESYS_CLIENT_SECRET")}
	credentials := c.ClientID != "" || c.ClientSecret != ""
	switch {
	case region == "" && base == "" && !credentials:
		return nil, nil //nolint:nilnil // it is off
	case region == "" && base == "":
		return nil, wrongUsage("GENESYS_REGION", "it is not set, though the credentials are; it is the domain that you log in at, such as mypurecloud.de")
	case region != "" && base != "":
		return nil, wrongUsage("GENESYS_BASE_URL", "it takes the place of GENESYS_REGION; set one of them")
	case base != "" && !credentials:
		c.ClientID, c.ClientSecret = simulatorClient, simulatorSecret
	case c.ClientID == "":
		return nil, wrongUsage("GENESYS_CLIENT_ID", "it is not set; it is that of an OAuth client with the grant Client Credentials")
	case c.ClientSecret == "":
		return nil, wrongUsage("GENESYS_CLIENT_SECRET", "it is not set; it is that of the OAuth client")
	}
	if base != "" {
		return c, nil
	}
	var err error
	if c.Region, err = genesys.ParseRegion(region); err != nil {
		return nil, &usageError{"GENESYS_REGION", err}
	}
	return c, nil
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

// absoluteURL refuses what is no URL of a server. The URL is not shown: it can
// hold a password.
func absoluteURL(variable, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return &usageError{variable, errors.New("it is not a URL that begins with https:// or http://, without a user")}
	}
	return nil
}
