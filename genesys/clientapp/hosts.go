package clientapp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// hosts are where the browser may go: the one place that the policy and the
// page's settings are made of.
type hosts struct {
	domain    string   // of the region; empty with a gateway
	api       string   // base of the API, without a slash at the end
	login     string   // base of the login
	socket    []string // origins of the WebSocket
	embedders []string // origins of the pages around the frame
}

func findHosts(c Config) (hosts, error) {
	base, err := rest.BaseURL(c.Region, c.BaseURL)
	if err != nil {
		return hosts{}, fmt.Errorf("clientapp: %w", err)
	}
	u, err := url.Parse(base)
	if err != nil {
		return hosts{}, fmt.Errorf("clientapp: Config.BaseURL: %w", err)
	}
	h := hosts{api: base, login: base}
	region := c.Region
	if domain, is := strings.CutPrefix(base, "https://api."); is && (c.BaseURL == "" || u.Path == "" && u.Port() == "") {
		// The hosts of a region, also of one that is only given by its API.
		region = genesys.Region{Domain: domain}
		h.domain, h.login = domain, region.LoginURL()
	} else {
		h.socket, h.embedders = []string{socketOf(u)}, besides(u)
	}
	if region.Domain != "" {
		h.socket = append(h.socket, "wss://"+region.StreamingHost())
		h.embedders = append(h.embedders, "https://apps."+region.Domain)
	}
	for _, e := range c.Embedders {
		origin, err := originOf(e)
		if err != nil {
			return hosts{}, fmt.Errorf("clientapp: Config.Embedders: %w", err)
		}
		h.embedders = append(h.embedders, origin)
	}
	return h, nil
}

func socketOf(base *url.URL) string {
	return strings.Replace(base.Scheme, "http", "ws", 1) + "://" + base.Host
}

// besides are the origins of a gateway that may embed the page: on a loopback
// address the simulator is the agent's desktop, under either of its names.
func besides(base *url.URL) []string {
	if !isLoopback(base.Hostname()) {
		return nil
	}
	origins := []string{base.Scheme + "://" + base.Host}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		if base.Hostname() != name && base.Port() != "" {
			origins = append(origins, base.Scheme+"://"+net.JoinHostPort(name, base.Port()))
		}
	}
	return origins
}

func isLoopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}

// originOf reads an origin: a scheme and a host, and nothing that could end a
// directive of a policy.
func originOf(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return "", errors.New("an origin is a scheme and a host, as in https://crm.example.com")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
	default:
		return "", errors.New("an origin must be https; http is for loopback addresses alone")
	}
	if strings.ContainsAny(u.Host, " ;,'\"*") {
		return "", errors.New("an origin names one host")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}
