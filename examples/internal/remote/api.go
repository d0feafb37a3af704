// Package remote reads the variables that say how Genesys Cloud is reached.
package remote

import (
	"errors"
	"net/url"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// Error says that a variable is wrong.
type Error struct {
	Variable string
	Err      error
}

func (e *Error) Error() string { return e.Variable + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

func wrong(variable, says string) error { return &Error{variable, errors.New(says)} }

// The credentials of examples/simulator, which are no secret.
const (
	simulatorClient = "simulator-client"
	simulatorSecret = "simulator-secret"
)

// API reads GENESYS_REGION or GENESYS_BASE_URL, GENESYS_CLIENT_ID and
// GENESYS_CLIENT_SECRET; nil: none is set.
func API(env func(string) string) (*rest.Config, error) {
	region, base := env("GENESYS_REGION"), env("GENESYS_BASE_URL")
	c := &rest.Config{BaseURL: base, ClientID: env("GENESYS_CLIENT_ID"), ClientSecret: env("GENESYS_CLIENT_SECRET")}
	credentials := c.ClientID != "" || c.ClientSecret != ""
	switch {
	case region == "" && base == "" && !credentials:
		return nil, nil //nolint:nilnil // it is off
	case region == "" && base == "":
		return nil, wrong("GENESYS_REGION", "it is not set, though the credentials are; it is the domain that you log in at, such as mypurecloud.de")
	case region != "" && base != "":
		return nil, wrong("GENESYS_BASE_URL", "it takes the place of GENESYS_REGION; set one of them")
	case base != "" && !credentials:
		c.ClientID, c.ClientSecret = simulatorClient, simulatorSecret
	case c.ClientID == "":
		return nil, wrong("GENESYS_CLIENT_ID", "it is not set; it is that of an OAuth client with the grant Client Credentials")
	case c.ClientSecret == "":
		return nil, wrong("GENESYS_CLIENT_SECRET", "it is not set; it is that of the OAuth client")
	}
	if base != "" {
		return c, nil
	}
	var err error
	if c.Region, err = genesys.ParseRegion(region); err != nil {
		return nil, &Error{"GENESYS_REGION", err}
	}
	return c, nil
}

// absoluteURL refuses what is no URL of a server. The URL is not shown: it can
// hold a password.
func absoluteURL(variable, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return wrong(variable, "it is not a URL that begins with https:// or http://, without a user")
	}
	return nil
}
