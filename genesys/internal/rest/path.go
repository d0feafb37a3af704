package rest

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
)

const apiPrefix = "/api/v2/"

// target returns the path and query that r is sent to.
func target(r genesys.Request) (string, error) {
	refuse := func(why string) (string, error) { return "", fmt.Errorf("%w: the path %s", genesys.ErrRequest, why) }
	if !strings.HasPrefix(r.Path, apiPrefix) {
		return refuse("must begin with " + apiPrefix)
	}
	for segment := range strings.SplitSeq(r.Path[len(apiPrefix):], "/") {
		plain, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return refuse("is not escaped; use url.PathEscape for ids")
		case segment == "":
			return refuse("has an empty segment: is an id empty?")
		case plain == "." || plain == "..":
			return refuse("must not go up")
		}
	}
	if strings.ContainsFunc(r.Path, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`?#"<>\^{|}`+"`", c) }) {
		return refuse("is not escaped; use url.PathEscape for ids and Query for the query")
	}
	if len(r.Query) == 0 {
		return r.Path, nil
	}
	return r.Path + "?" + r.Query.Encode(), nil
}

// Template returns a path of the API with everything replaced by {id} that is
// not known to be a word of the API: an id may be chosen by people, and say
// who they are.
func Template(path string) string {
	rest, ok := strings.CutPrefix(path, apiPrefix)
	if !ok {
		return "{path}"
	}
	rest, _, _ = strings.Cut(rest, "?")
	segments := strings.Split(rest, "/")
	if len(segments) > mostSegments {
		segments = append(segments[:mostSegments], "…")
	}
	for i, s := range segments {
		if !words[s] && s != "…" {
			segments[i] = "{id}"
		}
	}
	return apiPrefix + strings.Join(segments, "/")
}

const mostSegments = 16

// words are the words of the API's paths that an error or a log may show.
var words = func() map[string]bool {
	known := map[string]bool{}
	for w := range strings.FieldsSeq(`
		actions activity aggregates agent agents analytics architect assign attributes authorization availability availabletopics
		bulk callbacks calls channels chats clients cobrowse cobrowsesessions codes coach communications conversation conversations
		current datatables details disconnect divisions emails evaluations evaluators events execute executions export externalcontacts
		facebook flows forms groups history instances integrations jobs languages limits locations me members message messages
		metadata metrics milestones monitor notifications oauth observations organizations outbound outcomes participants permissions
		presence presences processautomation profile query quality queues recording recordings replace results roles routing routingstatus
		schedules scoring screenshares search secureattributes sessions settings skills socials speechandtextanalytics stations status
		subscriptions surveys teams telephony tokens topics transcripts transfer triggers types usage users utilization videos
		wrapup wrapupcodes`) {
		known[w] = true
	}
	return known
}()
