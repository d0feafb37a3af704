package genesys

import (
	"fmt"
	"slices"
	"strings"
)

// Region is where an organisation of Genesys Cloud lives. Only the regions of
// the list exist: a host from a configuration file cannot redirect a token.
type Region struct {
	Name   string // "eu_central_1"
	Domain string // "mypurecloud.de"
}

// APIURL is the base of the REST API, without a slash at the end.
func (r Region) APIURL() string { return "https://api." + r.Domain }

// LoginURL is the base of the OAuth endpoints, without a slash at the end.
func (r Region) LoginURL() string { return "https://login." + r.Domain }

// StreamingHost is the host of the WebSocket channels.
func (r Region) StreamingHost() string { return "streaming." + r.Domain }

// Regions returns all regions (the hosts of SDK v150).
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
	}
}

// ParseRegion accepts a region's name in any of the usual spellings
// (eu_central_1, eu-central-1) or its domain (mypurecloud.de).
func ParseRegion(s string) (Region, error) {
	wanted := strings.ToLower(strings.TrimSpace(s))
	regions := Regions()
	i := slices.IndexFunc(regions, func(r Region) bool {
		return r.Domain == wanted || r.Name == strings.ReplaceAll(wanted, "-", "_")
	})
	if i < 0 {
		var names []string
		for _, r := range regions {
			names = append(names, r.Domain)
		}
		return Region{}, fmt.Errorf("genesys: %q is not a region; use the domain you log in at, one of %s", s, strings.Join(names, ", "))
	}
	return regions[i], nil
}
