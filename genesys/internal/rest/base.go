package rest

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
)

// BaseURL returns what precedes /api/v2: the API's host in the region, or
// otherwise, when that is not empty. The error names the fields of the
// configuration, Region and BaseURL, and does not quote them.
func BaseURL(region genesys.Region, otherwise string) (string, error) {
	if otherwise != "" {
		return checked(otherwise)
	}
	if region == (genesys.Region{}) {
		return "", errors.New("genesys: Config.Region is required; use genesys.ParseRegion with the domain you log in at, such as mypurecloud.de")
	}
	if known, err := genesys.ParseRegion(region.Domain); err != nil || known != region {
		return "", errors.New("genesys: Config.Region is not one of those that genesys.ParseRegion gives; use BaseURL for a gateway")
	}
	return region.APIURL(), nil
}

func checked(s string) (string, error) {
	// The text is not quoted: it may hold a password.
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "", errors.New("genesys: Config.BaseURL must be a URL such as https://gateway.example.com")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("genesys: Config.BaseURL must not have a user, a query or a fragment")
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/api/v2"):
		return "", errors.New("genesys: Config.BaseURL is what precedes /api/v2; leave that out")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return strings.TrimRight(u.String(), "/"), nil
	}
	return "", errors.New("genesys: Config.BaseURL must be https; http is for loopback addresses alone, as the token would travel in the clear")
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
