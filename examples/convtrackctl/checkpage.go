package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// checkPage checks the headers with which the client app's page reaches a
// browser: what the handler sets can be changed by whatever stands before it.
func (d *diagnosis) checkPage(ctx context.Context, page string, api *rest.Config) {
	const check = "client app"
	if page == "" {
		d.find(finding{check, levelUnknown, "it was not checked, as no -page was given", ""})
		return
	}
	u, err := url.Parse(page)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		d.find(finding{check, levelProblem, "the address of the page is not understood", "give -page the address that browsers have, as in https://dcm.example.com/genesys/app/"})
		return
	case u.Scheme == "http" && !onLoopback(u):
		d.find(finding{check, levelProblem, "the address of the page is http", "serve it over https: a frame in a page over https may not be http, and a browser without https has no cryptography for the login"})
	}
	h, status, err := headers(ctx, page)
	if d.failed(check, err, "see that the address is the one that browsers have, and that its certificate is one that they trust") {
		return
	}
	if status != http.StatusOK {
		d.find(finding{check, levelProblem, fmt.Sprintf("the page is answered with %d", status), "let it answer 200 without a login or a redirect of its own: the address ends with a slash, and nothing before the handler asks who it is"})
		return
	}
	d.ok(check, "the page is served")
	p := pageHeaders{diagnosis: d, header: h, hosts: hostsOf(api)}
	p.framing()
	p.policy()
	p.others()
}

func onLoopback(u *url.URL) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
}

// headers reads the headers of a page, as a browser would get them.
func headers(ctx context.Context, page string) (http.Header, int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, 0, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // what is in it does not matter
	return answer.Header, answer.StatusCode, answer.Body.Close()
}

// pageHosts are the origins of Genesys Cloud that the page has to do with.
type pageHosts struct {
	desktop string   // that shows the frame
	calls   []string // that the page calls
}

// hostsOf are those of an organisation; none without one, or with a gateway whose
// desktop is not known.
func hostsOf(api *rest.Config) pageHosts {
	switch {
	case api == nil:
		return pageHosts{}
	case api.BaseURL == "":
		return regionHosts(api.Region)
	}
	u, err := url.Parse(api.BaseURL)
	if err != nil {
		return pageHosts{}
	}
	if domain, is := strings.CutPrefix(u.Host, "api."); is && u.Port() == "" {
		return regionHosts(genesys.Region{Domain: domain})
	}
	origin := u.Scheme + "://" + u.Host
	hosts := pageHosts{calls: []string{origin, strings.Replace(origin, "http", "ws", 1)}}
	if onLoopback(u) {
		hosts.desktop = origin // of a simulator
	}
	return hosts
}

func regionHosts(r genesys.Region) pageHosts {
	return pageHosts{"https://apps." + r.Domain, []string{"https://api." + r.Domain, "https://login." + r.Domain, "wss://" + r.StreamingHost()}}
}

// pageHeaders are the headers of a page.
type pageHeaders struct {
	*diagnosis
	header http.Header
	hosts  pageHosts
}

// directive returns the sources of a directive in each policy that has it, as all
// of them must allow something. Fallback stands in where there is none.
func (p pageHeaders) directive(name, fallback string) (all [][]string) {
	for _, header := range p.header.Values("Content-Security-Policy") {
		for policy := range strings.SplitSeq(header, ",") {
			found := map[string][]string{}
			for d := range strings.SplitSeq(policy, ";") {
				if words := strings.Fields(strings.ToLower(d)); len(words) > 0 && found[words[0]] == nil {
					found[words[0]] = append([]string{}, words[1:]...)
				}
			}
			sources, is := found[name]
			if !is && fallback != "" {
				sources, is = found[fallback]
			}
			if is {
				all = append(all, sources)
			}
		}
	}
	return all
}

// allowed reports whether all policies allow an origin.
func allowed(policies [][]string, origin string) bool {
	return !slices.ContainsFunc(policies, func(sources []string) bool {
		return !slices.ContainsFunc(sources, func(source string) bool { return matches(source, origin) })
	})
}

// matches is as browsers match sources with origins.
func matches(source, origin string) bool {
	scheme, host, _ := strings.Cut(origin, "://")
	if source == "*" || source == scheme+":" || strings.TrimSuffix(source, "/") == origin {
		return true
	}
	if suffix, is := strings.CutPrefix(source, scheme+"://*."); is {
		return strings.HasSuffix(host, "."+suffix)
	}
	return source == host
}

const behind = "; it is what genesys/clientapp sends, so see what stands before it"

// framing checks who may show the page in a frame.
func (p pageHeaders) framing() {
	const check = "client app, frame"
	ancestors := p.directive("frame-ancestors", "")
	old := p.header.Get("X-Frame-Options")
	switch {
	case len(ancestors) == 0 && old != "":
		p.find(finding{check, levelProblem, "X-Frame-Options forbids Genesys Cloud to show the page, as it cannot name an origin", "leave it out, and send frame-ancestors in Content-Security-Policy" + behind})
		return
	case len(ancestors) == 0:
		p.find(finding{check, levelProblem, "any page may show it in a frame, and have an agent click there: there is no frame-ancestors", "send it in Content-Security-Policy" + behind})
		return
	case old != "":
		p.find(finding{check, levelWarning, "there is an X-Frame-Options, which old browsers obey", "leave it out: frame-ancestors says it better"})
	}
	switch {
	case p.hosts.desktop == "":
		p.find(finding{check, levelUnknown, "which Genesys Cloud is to show the page is not known", "set GENESYS_REGION"})
	case !allowed(ancestors, p.hosts.desktop):
		p.find(finding{check, levelProblem, "frame-ancestors does not allow " + p.hosts.desktop + ", so the frame stays empty", "see that the region is that of the organisation; a second policy, of a proxy, must allow it, too"})
	default:
		p.ok(check, p.hosts.desktop+" may show the page; a CRM that Genesys Cloud is embedded in has to be in clientapp.Config.Embedders, and listed at Genesys")
	}
	if slices.ContainsFunc(ancestors, func(sources []string) bool {
		return slices.Contains(sources, "*") || slices.Contains(sources, "https:")
	}) {
		p.find(finding{check, levelWarning, "any page may show it in a frame", "name the origins in frame-ancestors" + behind})
	}
}

// policy checks what the page may load and call.
func (p pageHeaders) policy() {
	const check = "client app, policy"
	if len(p.header.Values("Content-Security-Policy")) == 0 {
		return // framing has said it
	}
	missing := []string{}
	for _, origin := range p.hosts.calls {
		if !allowed(p.directive("connect-src", "default-src"), origin) {
			missing = append(missing, origin)
		}
	}
	switch {
	case len(missing) > 0:
		p.find(finding{check, levelProblem, "connect-src does not allow " + strings.Join(missing, ", ") + ", so that the page cannot log in, or hears nothing", "allow it; a second policy, of a proxy, must allow it, too"})
	case slices.ContainsFunc(p.directive("script-src", "default-src"), func(sources []string) bool { return slices.Contains(sources, "'unsafe-inline'") }):
		p.find(finding{check, levelWarning, "script-src allows scripts in the page itself, which it does not have", "leave 'unsafe-inline' out" + behind})
	case p.hosts.calls != nil:
		p.ok(check, "the page may call what it needs")
	}
}

// others checks the headers beside the policy.
func (p pageHeaders) others() {
	const check = "client app, headers"
	if policy := strings.ToLower(p.header.Get("Referrer-Policy")); policy != "no-referrer" && policy != "strict-origin" && policy != "origin" {
		p.find(finding{check, levelWarning, "Referrer-Policy is not no-referrer: the address of the page, which names the conversation, reaches other hosts", "send Referrer-Policy: no-referrer, or strict-origin where the login refuses the frame without" + behind})
	}
	if !strings.EqualFold(p.header.Get("X-Content-Type-Options"), "nosniff") {
		p.find(finding{check, levelWarning, "X-Content-Type-Options is not nosniff", "send it" + behind})
	}
	if opener := strings.ToLower(p.header.Get("Cross-Origin-Opener-Policy")); opener != "" && !strings.HasPrefix(opener, "unsafe-none") {
		p.find(finding{check, levelProblem, "Cross-Origin-Opener-Policy cuts the window in which an agent logs in off from the frame, so that such a login never ends", "leave it out for the page"})
	}
}
