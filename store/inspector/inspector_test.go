package inspector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// everything are all pages, for people and for programs; %s is a conversation.
var everything = []string{
	"", "conversation?id=%s", "failed", "failed?hook=notify-crm", "health", "processes",
	"conversations.json", "conversation.json?id=%s", "failed.json", "health.json", "processes.json",
}

func pagesOf(id string) (all []string) {
	for _, page := range everything {
		if strings.Contains(page, "%s") {
			page = fmt.Sprintf(page, url.QueryEscape(id))
		}
		all = append(all, page)
	}
	return all
}

func TestAWrongConfigurationIsSaidWithItsRemedy(t *testing.T) {
	tracker, err := convtrack.New(memstore.New(), nil)
	require.NoError(t, err)
	right := inspector.Config{Tracker: tracker, Access: accessOf}
	for says, change := range map[string]func(*inspector.Config){
		"Config.Tracker is missing": func(c *inspector.Config) { c.Tracker = nil },
		"Config.Access is missing":  func(c *inspector.Config) { c.Access = nil },
		"take 16 random ones":       func(c *inspector.Config) { c.Key = []byte("short") },
		"0 for 2":                   func(c *inspector.Config) { c.Reads = -1 },
		"0 for 32":                  func(c *inspector.Config) { c.Streams = -1 },
	} {
		c := right
		change(&c)
		_, err := inspector.New(c)
		require.ErrorContains(t, err, says)
	}
	pages, err := inspector.New(right)
	require.NoError(t, err)
	pages.Close()
	pages.Close()
}

func TestNothingIsCachedFramedOrRunFromElsewhere(t *testing.T) {
	d := newDesk(t)
	s := story("c-1", 10*time.Minute)
	d.tell(s)
	for _, page := range append(pagesOf("c-1"), "style.css", "live.js", "favicon.svg", "unknown", "conversation?id=unknown") {
		for _, who := range []string{"anna", "vera", ""} {
			got := d.get(who, page)
			require.Equal(t, "no-store", got.header.Get("Cache-Control"), page)
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), page)
			policy := got.header.Get("Content-Security-Policy")
			require.Contains(t, policy, "default-src 'none'", page)
			require.Contains(t, policy, "frame-ancestors 'none'", page)
			require.NotContains(t, policy, "unsafe", page)
			if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
				require.NotRegexp(t, `(?i)<style|\sstyle=|\son[a-z]+=|javascript:|https?://`, got.body, page)
				require.NotRegexp(t, `<script>|<script [^>]*>[^<]`, got.body, page)
			}
		}
	}
}

func TestAllFilesOfThePagesAreSmall(t *testing.T) {
	size := int64(0)
	require.NoError(t, fs.WalkDir(os.DirFS("page"), ".", func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			info, err := e.Info()
			require.NoError(t, err)
			size += info.Size()
		}
		return err
	}))
	require.Less(t, size, int64(60<<10))
}

func TestWhoHasNoRoleSeesNothing(t *testing.T) {
	d := newDesk(t)
	d.tell(story("c-1", 10*time.Minute))
	for _, page := range append(pagesOf("c-1"), "style.css", "live?page=", "unknown") {
		got := d.get("", page)
		require.Equal(t, http.StatusForbidden, got.status, page)
		require.NotContains(t, got.body, "c-1")
	}
	require.Equal(t, http.StatusForbidden, d.post("", "failed", url.Values{"do": {"retry"}, "id": {"x"}}).status)
}

// personal is what must not be seen without the right to.
var personal = []string{"Rosa", "Lindqvist", "31612345678", "Maria", "Olsen", "Jonas", "CANARY"}

func TestWithoutTheRightNoPersonalDataIsSeenAndNothingIsFoundByIt(t *testing.T) {
	d := newDeskWith(t, memstore.New(), nil, func(h *events.Hooks) {
		events.After(h, "versions", func(context.Context, *events.ConversationChanged) error { return nil })
	})
	d.quotes.Store(true)
	s := story("c-1", 10*time.Minute)
	d.tell(s)
	records := s.Records()
	d.say(records[len(records)-1], time.Now())
	d.fails(1)
	d.canaries("c-1")

	all := d.get("anna", "conversation.json?id=c-1").body
	for _, text := range personal {
		require.Contains(t, all, text, "the canary itself is not there")
	}
	require.Contains(t, all, `"attributes.CANARY-NAME"`)
	require.Contains(t, all, `"type": "conversation.changed"`)
	for _, who := range []string{"vera", "dora"} {
		for _, page := range pagesOf("c-1") {
			got := d.get(who, page)
			require.Equal(t, http.StatusOK, got.status, page)
			for _, text := range personal {
				require.NotContains(t, got.body, text, "%s sees %s", who, page)
			}
		}
		require.Contains(t, d.get(who, "conversation.json?id=c-1").body, "user-maria", "ids are no personal data")
		for _, search := range []string{"by=address&text=%2B31612345678", "by=attribute&text=caseId%3DCANARY-CASE"} {
			got := d.get(who, "conversations.json?"+search)
			require.Equal(t, http.StatusBadRequest, got.status)
			require.NotContains(t, got.body, "c-1")
		}
	}
}

// canaries states every field of every object that is a text, and attributes.
func (d *desk) canaries(id string) {
	d.Helper()
	c := &conversation.Conversation{ID: id, Attributes: map[string]string{"caseId": "CANARY-CASE", "CANARY-NAME": "x"}}
	session := &conversation.Session{ID: "s-canary"}
	segment := &conversation.Segment{Type: conversation.SegmentInteract, Start: time.Now()}
	participant := &conversation.Participant{ID: "p-canary", Attributes: map[string]string{"note": "CANARY-NOTE", "31612345678": "x"}, Sessions: []*conversation.Session{session}}
	transfer := &conversation.Transfer{ID: "t-canary"}
	survey := &conversation.Survey{ID: "v-canary"}
	evaluation := &conversation.Evaluation{ID: "e-canary"}
	session.Segments, c.Participants = []*conversation.Segment{segment}, []*conversation.Participant{participant}
	c.Transfers, c.Surveys, c.Evaluations = []*conversation.Transfer{transfer}, []*conversation.Survey{survey}, []*conversation.Evaluation{evaluation}
	fill(d.T, conversation.ConversationFields(), c)
	fill(d.T, conversation.ParticipantFields(), participant)
	fill(d.T, conversation.SessionFields(), session)
	fill(d.T, conversation.SegmentFields(), segment)
	fill(d.T, conversation.TransferFields(), transfer)
	fill(d.T, conversation.SurveyFields(), survey)
	fill(d.T, conversation.EvaluationFields(), evaluation)
	now := time.Now()
	require.NoError(d, d.Observe(d.Context(), conversation.Update{Conversations: []*conversation.Conversation{
		conversation.State(c, conversation.Statement{By: conversation.SourceAnalytics, At: now, Seen: now})}}))
}

// free are fields with texts of people: names, addresses, contents. A field that is
// new is masked, so it need not stand here.
var free = regexp.MustCompile(`(?i)name$|address|^ani$|dnis|^remote|subject|note|comments|^cc$|^bcc$|callbackNumbers|externalTag|externalContact|journeyCustomer|` +
	`outboundContactId|questionGroupScores|errorDetails|tags|protocolCallId`)

// open are names of things, which are none of people's.
var open = regexp.MustCompile(`^(queueName|flowName|formName|surveyFormName|wrapUpName|dispositionName)$`)

func fill[E any](t *testing.T, fields conversation.Fields[E], e *E) {
	t.Helper()
	for _, f := range fields.List() {
		if !free.MatchString(f.Name) || open.MatchString(f.Name) {
			continue
		}
		switch at := f.Value(e).(type) {
		case *string:
			*at = "CANARY-" + f.Name
		case *[]string:
			*at = []string{"CANARY-" + f.Name}
		}
	}
}

func TestAFieldIsMaskedUnlessItIsKnownToBeHarmless(t *testing.T) {
	d := newDesk(t)
	d.tell(story("c-1", 10*time.Minute))
	d.canaries("c-1")
	type page struct {
		Facts []struct {
			Facts []struct{ Field, Value, StatedBy string }
		}
	}
	var seen, masked page
	require.NoError(t, json.Unmarshal([]byte(d.get("anna", "conversation.json?id=c-1").body), &seen))
	require.NoError(t, json.Unmarshal([]byte(d.get("vera", "conversation.json?id=c-1").body), &masked))
	n := 0
	for i, o := range seen.Facts {
		for k, f := range o.Facts {
			if strings.Contains(f.Value, "CANARY") {
				n++
				require.Equal(t, "analytics", f.StatedBy, f.Field)
				require.Contains(t, masked.Facts[i].Facts[k].Value, "•••", f.Field)
			}
		}
	}
	require.Greater(t, n, 30)
}

func TestEachParameterSelectsConversations(t *testing.T) {
	d := newDesk(t)
	d.tell(story("c-ended", 10*time.Minute))
	d.tell(story("c-open", 40*time.Second))
	other := story("c-other", 40*time.Second)
	other.Legs[0].Address = "tel:+493012345"
	d.tell(other)
	require.NoError(t, d.SetAttributes(t.Context(), "c-open", map[string]string{"caseId": "4711"}))
	for params, want := range map[string][]string{
		"":                                   {"c-ended", "c-open", "c-other"},
		"state=open":                         {"c-open", "c-other"},
		"state=ended":                        {"c-ended"},
		"text=c-open":                        {"c-open"},
		"by=id&text=unknown":                 {},
		"by=address&text=%2B49%2030%2012345": {"c-other"},
		"by=user&text=user-jonas":            {"c-ended"},
		"by=queue&text=q-contracts":          {"c-ended"},
		"by=attribute&text=caseId%3D4711":    {"c-open"},
		"medium=voice":                       {"c-ended", "c-open", "c-other"},
		"medium=email":                       {},
		"direction=inbound&state=open":       {"c-open", "c-other"},
		"direction=outbound":                 {},
		"since=hour":                         {"c-ended", "c-open", "c-other"},
	} {
		require.ElementsMatch(t, want, d.listed("conversations.json?"+params), params)
	}
	for _, wrong := range []string{"by=name&text=x", "state=new", "direction=up", "since=year", "limit=0", "limit=x", "after=nonsense", "by=attribute&text=x", "by=address&text=sip:anonymous@anonymous.invalid"} {
		got := d.get("anna", "conversations.json?"+wrong)
		require.Equal(t, http.StatusBadRequest, got.status, wrong)
		require.Contains(t, got.body, `"error"`)
	}
}

func TestWhoPagesFindsEverythingWhateverAPageLooksAt(t *testing.T) {
	s, err := sqlitestore.Open(t.Context(), ":memory:", nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	d := newDeskOn(t, s)
	const all = 4000
	var update conversation.Update
	for i := range all {
		c := &conversation.Conversation{ID: fmt.Sprintf("c-%04d", i), OriginatingDirection: conversation.Inbound}
		if i%1000 == 0 {
			c.OriginatingDirection = conversation.Outbound
		}
		update.Conversations = append(update.Conversations, conversation.State(c, conversation.Statement{By: conversation.SourceHost, At: time.Now(), Seen: time.Now()}))
	}
	require.NoError(t, d.Observe(t.Context(), update))
	found, next := []string{}, ""
	for range all {
		var l listed
		got := d.get("anna", "conversations.json?direction=outbound&limit=3&after="+url.QueryEscape(next))
		require.Equal(t, http.StatusOK, got.status, got.body)
		require.NoError(t, json.Unmarshal([]byte(got.body), &l))
		for _, c := range l.Conversations {
			found = append(found, c.ConversationID)
		}
		if next = l.Next; next == "" {
			break
		}
	}
	require.ElementsMatch(t, []string{"c-0000", "c-1000", "c-2000", "c-3000"}, found)
}

type listed struct {
	Conversations []struct{ ConversationID string }
	Next          string
}

func (d *desk) listed(page string) []string {
	d.Helper()
	var l listed
	got := d.get("anna", page)
	require.Equal(d, http.StatusOK, got.status, got.body)
	require.NoError(d, json.Unmarshal([]byte(got.body), &l))
	ids := []string{}
	for _, c := range l.Conversations {
		ids = append(ids, c.ConversationID)
	}
	if l.Next != "" {
		ids = append(ids, d.listed("conversations.json?limit=2&after="+url.QueryEscape(l.Next))...)
	}
	return ids
}

func TestTheListGoesOnPageByPage(t *testing.T) {
	d := newDesk(t)
	var want []string
	for i := range 5 {
		id := fmt.Sprintf("c-%d", i)
		d.tell(story(id, 40*time.Second))
		want = append([]string{id}, want...)
	}
	require.Equal(t, want, d.listed("conversations.json?limit=2"))
	require.Regexp(t, `href="\?after=[^"]*&amp;limit=2">Next page`, d.get("anna", "?limit=2").body)
}

func TestWhatIsNotTrackedIsSaidSo(t *testing.T) {
	d := newDesk(t)
	got := d.get("anna", "conversation?id=unknown")
	require.Equal(t, http.StatusNotFound, got.status)
	require.Contains(t, got.body, "is not tracked")
	require.Equal(t, http.StatusBadRequest, d.get("anna", "conversation.json").status)
	require.Equal(t, http.StatusNotFound, d.get("anna", "nothing.json").status)
	require.Equal(t, http.StatusMethodNotAllowed, d.do("anna", http.MethodDelete, "failed", nil).status)
}

var tokenOf = regexp.MustCompile(`name="token" value="([^"]+)"`)

// token is that of somebody's page.
func (d *desk) token(who string) string {
	d.Helper()
	found := tokenOf.FindStringSubmatch(d.get(who, "failed").body)
	require.NotNil(d, found, "the page has no form")
	return found[1]
}

func TestOnlyWhoMayDecidesAndOnlyOnTheOwnPage(t *testing.T) {
	d := newDesk(t)
	d.broken.Store(true)
	d.tell(story("c-1", 10*time.Minute))
	d.tell(story("c-2", 10*time.Minute))
	d.fails(2)
	page, err := d.FailedPage(t.Context(), store.FailedQuery{})
	require.NoError(t, err)
	id := page.Items[0].ID
	token := d.token("anna")
	form := url.Values{"do": {"skip"}, "id": {id}, "token": {token}}

	view := d.get("vera", "failed").body
	require.NotContains(t, view, "<button")
	require.NotContains(t, view, "checkbox")
	require.NotContains(t, view, "token")
	for name, refused := range map[string]reply{
		"view only":            d.post("vera", "failed", form),
		"no token":             d.post("anna", "failed", url.Values{"do": {"skip"}, "id": {id}}),
		"a wrong token":        d.post("anna", "failed", url.Values{"do": {"skip"}, "id": {id}, "token": {"x"}}),
		"another's token":      d.post("dora", "failed", form),
		"another site":         d.post("anna", "failed", form, "Sec-Fetch-Site", "cross-site"),
		"a sister site":        d.post("anna", "failed", form, "Sec-Fetch-Site", "same-site"),
		"another origin":       d.post("anna", "failed", form, "Origin", "https://evil.example"),
		"token in the address": d.post("anna", "failed?token="+token, url.Values{"do": {"skip"}, "id": {id}}),
	} {
		require.Equal(t, http.StatusForbidden, refused.status, name)
	}
	for _, wrong := range []url.Values{{"do": {"forget"}, "id": {id}}, {"do": {"retry"}}, {"do": {"retry"}, "all": {"1"}}} {
		wrong.Set("token", token)
		require.Equal(t, http.StatusBadRequest, d.post("anna", "failed", wrong).status, wrong)
	}
	d.fails(2)

	got := d.post("anna", "failed", form, "Sec-Fetch-Site", "same-origin", "Origin", "null")
	require.Equal(t, http.StatusSeeOther, got.status)
	require.Equal(t, "failed?decision=skip&items=1", got.header.Get("Location"))
	require.Contains(t, d.log.String(), `msg="decided on what failed" by=anna decision=skip items=1`)
	d.fails(2) // the next one of that conversation, which waited behind it, has failed too
	d.broken.Store(false)
	got = d.post("anna", "failed.json", url.Values{"do": {"retry"}, "hook": {"notify-crm"}, "all": {"1"}, "token": {token}})
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Contains(t, d.log.String(), `by=anna decision=retry`)
	d.fails(0)
}

func TestARefusedChangeIsRetriedAndSkipped(t *testing.T) {
	d := newDesk(t)
	events.Before(d.hooks, "link-case", func(context.Context, *events.ConversationCreated) error { return errors.New("no case") }, events.Attempts(1))
	d.tell(story("c-1", 40*time.Second))
	d.fails(1)
	page := d.get("anna", "failed").body
	require.Contains(t, page, "refused change")
	require.Contains(t, page, "tried again by itself")
	require.Contains(t, d.get("anna", "conversation?id=c-1").body, "it is under Failed")

	form := url.Values{"do": {"retry"}, "id": {store.ChangeID("c-1")}, "token": {d.token("anna")}}
	got := d.post("anna", "failed", form)
	require.Equal(t, "failed?again=1&decision=retry&items=1", got.header.Get("Location"))
	require.Contains(t, d.get("anna", got.header.Get("Location")).body, "A hook has refused a change again.")
	form.Set("do", "skip")
	require.Equal(t, "failed?decision=skip&items=1", d.post("anna", "failed", form).header.Get("Location"))
	require.Equal(t, http.StatusOK, d.get("anna", "conversation?id=c-1").status, "it is tracked now")
	d.fails(0)
}

func TestATokenIsGoodInEachProcessOfTheHost(t *testing.T) {
	key := []byte("a key that both processes have")
	one := newDesk(t, func(c *inspector.Config) { c.Key = key })
	two := newDesk(t, func(c *inspector.Config) { c.Key = key })
	three := newDesk(t)
	one.broken.Store(true)
	one.tell(story("c-1", 10*time.Minute))
	one.fails(1)
	form := url.Values{"do": {"skip"}, "id": {"delivery:x:y"}, "token": {one.token("anna")}}
	require.Equal(t, http.StatusSeeOther, two.post("anna", "failed", form).status)
	require.Equal(t, http.StatusForbidden, three.post("anna", "failed", form).status)
}

func TestThePagesWorkUnderAnyPrefix(t *testing.T) {
	d := newDesk(t)
	d.tell(story("c/1?x=<&", 40*time.Second))
	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	for _, page := range []string{"", "failed", "health", "processes"} {
		for _, link := range links.FindAllStringSubmatch(d.get("anna", page).body, -1) {
			require.NotRegexp(t, `^/|^[a-z]+:`, link[1], page)
		}
	}
	require.Equal(t, http.StatusOK, d.get("anna", "conversation?id="+url.QueryEscape("c/1?x=<&")).status)
}

func TestPeopleWhoLookNeverTakeMoreConnectionsThanTheyMay(t *testing.T) {
	held := &gate{Store: memstore.New(), open: make(chan struct{})}
	d := newDeskOn(t, held, func(c *inspector.Config) { c.Reads = 2 })
	answers := make(chan int, 8)
	for range cap(answers) {
		go func() { answers <- d.get("anna", "conversations.json").status }()
	}
	var all []int
	for range cap(answers) - 2 {
		all = append(all, <-answers)
	}
	require.Equal(t, int64(2), held.most.Load(), "two read, the others wait and are refused")
	close(held.open)
	all = append(all, <-answers, <-answers)
	slices.Sort(all)
	require.Equal(t, []int{503, 503, 503, 503, 503, 503}, all[2:])
}

// TestThePrefixMayBeStrippedInAnyWay has the pages behind handlers that strip more or
// less of the address than the documentation does.
func TestThePrefixMayBeStrippedInAnyWay(t *testing.T) {
	d := newDesk(t)
	for _, to := range []struct{ prefix, strips string }{
		{"/operate", "/operate"}, {"/operate", "/operate/"}, {"/in/a/folder", "/in/a/folder"}, {"/with a space", "/with a space"}, {"", ""}, {"", "/"},
	} {
		server := httptest.NewServer(http.StripPrefix(to.strips, d.pages))
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{DisableKeepAlives: true}}
		get := func(path string) (int, string) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
			require.NoError(t, err)
			r.Header.Set(whoHeader, "anna")
			answer, err := client.Do(r)
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			return answer.StatusCode, answer.Header.Get("Location")
		}
		prefix := strings.ReplaceAll(to.prefix, " ", "%20")
		for _, page := range []string{"/", "/health", "/?state=open"} {
			status, _ := get(prefix + page)
			require.Equal(t, http.StatusOK, status, "%q%s, of which %q is stripped", to.prefix, page, to.strips)
		}
		if prefix != "" && to.strips == to.prefix {
			status, location := get(prefix + "?state=open")
			require.Equal(t, http.StatusSeeOther, status)
			base, err := url.Parse(server.URL + prefix)
			require.NoError(t, err)
			there, err := base.Parse(location)
			require.NoError(t, err)
			require.Equal(t, server.URL+prefix+"/?state=open", there.String())
		}
		server.Close()
	}
}

func TestADecisionThatStopsHalfWaySaysHowFarItCame(t *testing.T) {
	half := &halfway{Store: memstore.New()}
	d := newDeskOn(t, half)
	d.broken.Store(true)
	for i := range 101 { // they are decided by the hundred
		s := story(fmt.Sprintf("c-%03d", i), 150*time.Second)
		moments := s.Moments()
		answered := max(slices.IndexFunc(moments, func(at time.Duration) bool { return at > 75*time.Second })-1, 0)
		d.say(s.Snapshots()[answered], s.Start.Add(moments[answered]))
	}
	require.Eventually(t, func() bool {
		page, err := d.FailedPage(t.Context(), store.FailedQuery{Limit: 200})
		return err == nil && len(page.Items) == 101
	}, time.Minute, 10*time.Millisecond)
	half.left.Store(1)
	got := d.post("anna", "failed.json", url.Values{"do": {"skip"}, "hook": {"notify-crm"}, "all": {"1"}, "token": {d.token("anna")}})
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Contains(t, got.body, "100 were decided, the others were not")
}

func TestARefusedChangeHidesNoDecisionThatFailed(t *testing.T) {
	half := &halfway{Store: memstore.New()}
	d := newDeskOn(t, half)
	d.broken.Store(true)
	d.tellUntil(story("c-1", 150*time.Second), 75*time.Second)
	d.fails(1)
	events.Before(d.hooks, "link-case", func(context.Context, *events.ConversationCreated) error { return errors.New("no case") }, events.Attempts(1))
	d.tell(story("c-2", 40*time.Second))
	d.fails(2)
	page, err := d.FailedPage(t.Context(), store.FailedQuery{})
	require.NoError(t, err)
	for name, form := range map[string]url.Values{
		"both":        {"id": {page.Items[0].ID, page.Items[1].ID}},
		"of the hook": {"all": {"1"}, "hook": {"notify-crm"}},
	} {
		form.Set("do", "retry")
		form.Set("token", d.token("anna"))
		got := d.post("anna", "failed.json", form)
		require.Equal(t, http.StatusServiceUnavailable, got.status, "%s: %s", name, got.body)
	}
}
