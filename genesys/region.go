package genesys

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Region is where an organisation of Genesys Cloud lives. Take it from
// [ParseRegion]: the credentials are sent to hosts of its domain.
type Region struct {
	Name   string // "eu_central_1"; empty when the domain is not one of Regions
	Domain string // "mypurecloud.de"
}

// APIURL is the base of the REST API, without a slash at the end.
func (r Region) APIURL() string { return "https://api." + r.Domain }

// LoginURL is the base of the OAuth endpoints, without a slash at the end.
func (r Region) LoginURL() string { return "https://login." + r.Domain }

// StreamingHost is the host of the WebSocket channels.
func (r Region) StreamingHost() string { return "streaming." + r.Domain }

// Regions returns the regions that are known here: the hosts of SDK v150, and
// what has come since (protocol 2.8). Genesys opens new ones.
func Regions() []Region {
	return []Region{
		{"us_east_1", "mypurecloud.com"},
		{"eu_west_1", "mypurecloud.ie"},
		{"ap_southeast_2", "mypurecloud.com.au"},
		{"ap_northeast_1", "mypurecloud.jp"},
		{"eu_central_1", "mypurecloud.de"},
		{"us_west_2", "usw2.pure.cloud"},
		{"ca_central_1", "cac1.pure.cloud"},
		{"ap_northeast_2", "apne2.pure.cloud"},
		{"eu_west_2", "euw2.pure.cloud"},
		{"ap_south_1", "aps1.pure.cloud"},
		{"us_east_2", "use2.us-gov-pure.cloud"},
		{"sa_east_1", "sae1.pure.cloud"},
		{"me_central_1", "mec1.pure.cloud"},
		{"ap_northeast_3", "apne3.pure.cloud"},
		{"eu_central_2", "euc2.pure.cloud"},
		{"mx_central_1", "mxc1.pure.cloud"},
		{"ap_southeast_1", "apse1.pure.cloud"},
		{"eusc_de_east_1", "edee1.eusc-pure.cloud"},
	}
}

// ParseRegion accepts a region's name in any of the usual spellings
// (eu_central_1, eu-central-1), or a domain given in full (mypurecloud.de), also
// one of a region that is newer than this module. It accepts no URL and no
// address.
func ParseRegion(s string) (Region, error) {
	wanted := strings.ToLower(strings.TrimSpace(s))
	regions := Regions()
	i := slices.IndexFunc(regions, func(r Region) bool {
		return r.Domain == wanted || r.Name == strings.ReplaceAll(wanted, "-", "_")
	})
	switch {
	case i >= 0:
		return regions[i], nil
	case isDomain(wanted):
		return Region{Domain: wanted}, nil
	}
	var names []string
	for _, r := range regions {
		names = append(names, r.Domain)
	}
	return Region{}, fmt.Errorf("genesys: %q is not a region; use the domain you log in at, one of %s or a newer one", s, strings.Join(names, ", "))
}

// domainForm is a host's name with a top-level domain. An address has none.
var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

// isDomain reports whether s can be the domain of a region: not one of its
// hosts, as people copy them.
func isDomain(s string) bool {
	_, isHost := cutEither(s, "api.", "apps.", "login.", "streaming.")
	return len(s) <= 253 && domainForm.MatchString(s) && !isHost
}
