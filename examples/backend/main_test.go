package main_test

import (
	"bufio"
	"database/sql"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look at the table of cases
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the same

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/programtest"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

const token = "a-token-of-this-test"

var cluster *pgtest.Cluster // of this process's tests

func TestMain(m *testing.M) {
	code := pgtest.Main(m, os.Getenv("CONVTRACK_TEST_POSTGRES"), &cluster)
	programtest.Remove()
	os.Exit(code)
}

// simulator starts a Genesys Cloud and returns the variables that point at it.
func simulator(t *testing.T, options ...genesystest.Option) (*genesystest.Server, []string) {
	s := genesystest.NewServer(t, append(options,
		genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "first line"}, genesystest.Entry{ID: "q-2", Name: "second line"}),
		genesystest.Users(genesystest.Entry{ID: "user-a", Name: "Alice"}, genesystest.Entry{ID: "user-b", Name: "Bob"}))...)
	return s, []string{"GENESYS_BASE_URL=" + s.URL(), "CONVTRACK_TOKENS=the-old-one, " + token}
}

func ready(p *process) func() bool {
	return func() bool {
		status, _ := p.get("/readyz")
		return status == http.StatusOK
	}
}

// transferred is what must be announced of genesystest.BlindTransferToQueue,
// beside what only some ways of hearing tell.
var transferred = []string{"conversation.created", "agent.connected", "agent.transferred", "agent.connected", "agent.disconnected", "conversation.ended"}

func requireTransferred(t *testing.T, printed []event) {
	t.Helper()
	var types []string
	for _, e := range printed {
		if slices.Contains(transferred, e.Type) {
			types = append(types, e.Type)
		}
	}
	require.Equal(t, transferred, types)
	all := ids(printed)
	slices.Sort(all)
	require.Equal(t, len(all), len(slices.Compact(slices.Clone(all))), "an event was printed twice: %v", all)
}

func TestEachEventIsPrintedOnceOverTwoLivesAndTheCaseIsLinked(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "backend #1.db")
	database := cluster.URL(cluster.Schema(t))
	for _, c := range []struct{ name, store, driver, source string }{
		{"SQLite", "sqlite:" + file, "sqlite", "file:" + strings.ReplaceAll(file, "#", "%23")},
		{"PostgreSQL", database, "pgx", database},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			genesys, env := simulator(t)
			first := start(t, c.store, env...)
			first.until(ready(first))
			posted := genesystest.BlindTransferToQueue()
			envelopes := posted.Envelopes()
			heard := posted.Fresh(rand.New(rand.NewPCG(1, 2)))
			playing := genesys.Play(heard, genesystest.Speed(20))
			first.post(envelopes[:len(envelopes)/2])
			first.until(func() bool {
				return has(first.events(heard.ID), "agent.connected") && has(first.events(posted.ID), "agent.connected")
			})
			first.quiet()
			first.kill()

			second := start(t, c.store, env...)
			second.post(envelopes)
			second.until(func() bool { // a flow is answered without a case where looking one up takes long
				status, answer := second.do(http.MethodPost, "/genesys/v1/updates", `{"source":"in-queue","topic":"x","conversationId":"`+posted.ID+`"}`,
					"Authorization", "Bearer "+token)
				return status == http.StatusOK && strings.Contains(answer, `"caseId":"CASE-`+posted.ID+`"`)
			})
			require.NoError(t, playing.Wait(t.Context()))
			for _, id := range []string{posted.ID, heard.ID} {
				second.until(func() bool { return has(second.events(id), "conversation.ended") })
				requireTransferred(t, slices.Concat(first.events(id), second.events(id)))
			}
			second.quiet()
			require.Zero(t, second.stop())

			db, err := sql.Open(c.driver, c.source)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			for _, id := range []string{posted.ID, heard.ID} {
				var caseID, owner string
				require.NoError(t, db.QueryRowContext(t.Context(), "select case_id, owner from dcm_case where conversation_id = $1", id).Scan(&caseID, &owner))
				require.Equal(t, []string{"CASE-" + id, "user-b"}, []string{caseID, owner})
			}
		})
	}
}

func TestWhatWasAnsweredIsPrintedThoughTheProcessIsKilledRightAfter(t *testing.T) {
	t.Parallel()
	story := genesystest.BlindTransferToQueue()
	calm := start(t, "memory", "CONVTRACK_TOKENS="+token)
	calm.post(story.Envelopes())
	calm.until(func() bool { return has(calm.events(story.ID), "conversation.ended") })
	want := ids(calm.events(story.ID))

	store := "sqlite:" + filepath.Join(t.TempDir(), "backend.db")
	first := start(t, store, "CONVTRACK_TOKENS="+token)
	first.post(story.Envelopes())
	first.kill()
	second := start(t, store, "CONVTRACK_TOKENS="+token)
	second.until(func() bool { return has(second.events(story.ID), "conversation.ended") })
	// Between printing a line and noting that it is printed the process may have
	// died: that one comes again.
	got := ids(slices.Concat(first.events(story.ID), second.events(story.ID)))
	for _, id := range want {
		require.Contains(t, got, id)
	}
	require.Subset(t, want, got)
}

func TestACallOfTheDataActionWakesARead(t *testing.T) {
	t.Parallel()
	genesys, env := simulator(t, genesystest.ForbidTopics("v2.*")) // nothing is heard over the WebSocket
	p := start(t, "memory", env...)
	p.until(func() bool {
		_, why := p.get("/readyz")
		return !strings.Contains(why, `"what":"polling"`)
	})
	story := genesystest.BlindTransferToQueue()
	genesys.Play(story)
	read := func() bool {
		return slices.ContainsFunc(genesys.Requests(), func(r genesystest.RequestRecord) bool { return r.Path == "/api/v2/conversations/{id}" })
	}
	require.False(t, read())
	status, answer := p.do(http.MethodPost, "/genesys/v1/updates", `{"source":"inbound-call","topic":"x","conversationId":"`+story.ID+`"}`,
		"Authorization", "Bearer "+token)
	require.Equal(t, http.StatusOK, status, answer)
	p.until(read)
	p.until(func() bool { return has(p.events(story.ID), "conversation.created") })
}

func TestWhoHasNoTokenIsToldSoAsItsKindOfConnectionNeedsIt(t *testing.T) {
	t.Parallel()
	p := start(t, "memory", "CONVTRACK_TOKENS=old-one,"+token)
	p.until(ready(p))
	const hint = `{"source":"api","topic":"x","conversationId":"c0000000-0000-4000-8000-000000000009"}`
	envelope := string(genesystest.BlindTransferToQueue().Envelopes()[0])
	for _, c := range []struct {
		path, body, header, value string
		status                    int
	}{
		{"eventbridge", envelope, "Authorization", "Bearer " + token, 200},
		{"eventbridge", envelope, "Authorization", "Bearer old-one", 200},
		{"eventbridge", envelope, "X-Api-Key", token, 200},
		{"eventbridge", envelope, "Authorization", basic(token), 200},
		{"eventbridge", envelope, "Authorization", "Bearer wrong", 401},
		{"eventbridge", envelope, "Accept", "*/*", 401},
		{"eventbridge", envelope, "X-Api-Key", "wrong", 403},
		{"eventbridge", envelope, "Authorization", basic("wrong"), 403},
		{"eventbridge", "nonsense", "Authorization", "Bearer " + token, 400},
		{"updates", hint, "Authorization", "Bearer " + token, 200},
		{"updates", hint, "Authorization", "Bearer old-one", 200},
		{"updates", hint, "Authorization", "Bearer wrong", 401},
		{"updates", hint, "Accept", "*/*", 401},
		{"updates", hint, "X-Api-Key", token, 401},
		{"updates", "{}", "Authorization", "Bearer " + token, 400},
	} {
		status, answer := p.do(http.MethodPost, "/genesys/v1/"+c.path, c.body, c.header, c.value)
		require.Equal(t, c.status, status, "%v: %s", c, answer)
	}
	require.NotContains(t, p.said.String(), token)
}

func basic(password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth("anybody", password)
	return r.Header.Get("Authorization")
}

func TestAtStartItIsSaidWhatIsOffAndWhatIsOffIsNotServed(t *testing.T) {
	t.Parallel()
	p := start(t, "memory", "CONVTRACK_OPERATOR_PASSWORD=secret-of-the-operator")
	p.until(ready(p)) // there is no source that could be deaf
	for _, line := range []string{
		"on:  store: in memory", "on:  HTTP: http://127.0.0.1:", "off: API: set GENESYS_REGION,",
		"off: EventBridge through SQS: set CONVTRACK_SQS_QUEUE_URL", "off: EventBridge over HTTP: set CONVTRACK_TOKENS", "off: data action: set CONVTRACK_TOKENS",
		"off: client app: set GENESYS_CLIENTAPP_ID and GENESYS_ORGANIZATION_ID\n",
		"/operate/, for operator with CONVTRACK_OPERATOR_PASSWORD\n",
	} {
		require.Contains(t, p.said.String(), line)
	}
	require.NotContains(t, p.said.String(), "secret-of-the-operator")
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/metrics": 200, "/genesys/app/": 404, "/operate/": 401, "/genesys/v1/eventbridge": 404, "/genesys/v1/updates": 404,
	} {
		status, _ := p.get(path)
		require.Equal(t, want, status, path)
	}
	_, answer := p.get("/healthz?verbose")
	for _, want := range []string{`"problems": []`, `"store": {`, `"latency": "`, `"processes": [`} {
		require.Contains(t, answer, want)
	}
	_, answer = p.do(http.MethodGet, "/healthz?verbose", "", "X-Forwarded-For", "203.0.113.7")
	require.Equal(t, "ok\n", answer, "it came through a proxy")
	require.Zero(t, p.stop())
}

func TestItIsReadyAgainWhenGenesysIsBack(t *testing.T) {
	t.Parallel()
	genesys, env := simulator(t)
	p := start(t, "memory", env...)
	p.until(ready(p))
	undo := genesys.Faults().ServerErrors(0, http.StatusServiceUnavailable)
	genesys.Faults().CutSockets()
	p.until(func() bool {
		status, why := p.get("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(why, `"what":"notifications","why":"it is blind since `) &&
			strings.Contains(why, `"what":"polling","why":"it is blind since `) && strings.Contains(why, "503")
	})
	status, _ := p.get("/healthz")
	require.Equal(t, http.StatusOK, status, "the process serves")
	undo()
	p.until(ready(p))
}

func TestItIsNotReadyWhenTheStoreTakesNoWrites(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "backend.db")
	p := start(t, "sqlite:"+file)
	p.until(ready(p))
	require.NoError(t, os.Rename(file, file+".away"))
	p.until(func() bool {
		status, why := p.get("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(why, `{"what":"store","why":"it is lost since `)
	})
}

func TestTheMetricsAreInTheFormOfPrometheusAndNameNoConversation(t *testing.T) {
	t.Parallel()
	genesys, env := simulator(t)
	p := start(t, "memory", env...)
	p.until(ready(p))
	story := genesystest.BlindTransferToQueue()
	genesys.Play(story, genesystest.Speed(100))
	p.until(func() bool { return has(p.events(story.ID), "conversation.ended") })
	_, metrics := p.get("/metrics")
	require.Contains(t, metrics, `convtrack_events_total{convtrack_event_type="agent.transferred"} 1`+"\n")
	for _, personal := range []string{story.ID, "user-", "q-1", "+31"} {
		require.NotContains(t, metrics, personal)
	}
	head := regexp.MustCompile(`^# (HELP|TYPE) ([a-z_]+) (.+)$`)
	line := regexp.MustCompile(`^([a-z_]+)(\{([a-z_]+="[a-zA-Z0-9_./+-]+",?)+\})? -?[0-9.e+-]+$`)
	ofHistogram := regexp.MustCompile(`_(bucket|sum|count)$`)
	help, kind, samples := map[string]bool{}, map[string]string{}, 0
	for text := range strings.Lines(metrics) {
		text = strings.TrimSuffix(text, "\n")
		if m := head.FindStringSubmatch(text); m != nil {
			if m[1] == "HELP" {
				require.False(t, help[m[2]], "%s comes twice", m[2])
				help[m[2]] = true
			} else {
				kind[m[2]] = m[3]
			}
			continue
		}
		m := line.FindStringSubmatch(text)
		require.NotNil(t, m, text)
		name := m[1]
		if of := ofHistogram.ReplaceAllString(name, ""); kind[of] == "histogram" {
			name = of
		}
		require.True(t, help[name], text)
		require.Equal(t, strings.HasSuffix(name, "_total"), kind[name] == "counter", text)
		samples++
	}
	require.Greater(t, samples, 40)
}

func TestWrongFlagsAndVariablesAreExplained(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	const queue = "CONVTRACK_SQS_QUEUE_URL=https://sqs.eu-central-1.amazonaws.com/123456789012/events"
	for _, c := range []struct {
		args, env []string
		code      int
		says      string
	}{
		{[]string{"-help"}, nil, 0, "Usage: backend"},
		{[]string{"-nonsense"}, nil, 2, "flag provided but not defined: -nonsense"},
		{[]string{"extra"}, nil, 2, `"extra" is not understood`},
		{[]string{"-listen", "here"}, nil, 2, `-listen: "here" is not HOST:PORT`},
		{[]string{"-store", "oracle"}, nil, 2, `-store: "oracle" is not known`},
		{[]string{"-store", "sqlite:"}, nil, 2, "needs the path of a file"},
		{[]string{"-store", "sqlite::memory:"}, nil, 2, "use memory"},
		{[]string{"-store", "sqlite:/does/not/exist/x.db"}, nil, 1, "its directory must exist"},
		{[]string{"-store", "postgres://u:pass-word@127.0.0.1:nowhere/x"}, nil, 2, "-store: postgres://…: "},
		{[]string{"-store", "postgres://u:pass-word@127.0.0.1:1/x"}, nil, 1, "-store: postgres://…: "},
		{[]string{"-listen", taken.Addr().String()}, nil, 1, "choose another one"},
		{nil, []string{"GENESYS_REGION=mars", "GENESYS_CLIENT_ID=i", "GENESYS_CLIENT_SECRET=s"}, 2, `GENESYS_REGION: genesys: "mars" is not a region`},
		{nil, []string{"GENESYS_REGION=mypurecloud.de"}, 2, "GENESYS_CLIENT_ID: it is not set"},
		{nil, []string{"GENESYS_REGION=mypurecloud.de", "GENESYS_CLIENT_ID=i"}, 2, "GENESYS_CLIENT_SECRET: it is not set"},
		{nil, []string{"GENESYS_CLIENT_ID=i", "GENESYS_CLIENT_SECRET=s"}, 2, "GENESYS_REGION: it is not set"},
		{nil, []string{"GENESYS_REGION=mypurecloud.de", "GENESYS_BASE_URL=http://127.0.0.1:1"}, 2, "set one of them"},
		{nil, []string{"GENESYS_BASE_URL=http://gateway.example.com"}, 2, "must be https"},
		{nil, []string{"CONVTRACK_TOKENS= , "}, 2, "CONVTRACK_TOKENS: there is no token"},
		{nil, []string{"CONVTRACK_SQS_QUEUE_URL=events"}, 2, "CONVTRACK_SQS_QUEUE_URL: it is not a URL"},
		{nil, []string{queue}, 2, "AWS_REGION: it is not set"},
		{nil, []string{"CONVTRACK_SQS_QUEUE_URL=http://sqs.eu-central-1.localhost:4566/000000000000/events", "AWS_REGION=eu-central-1"}, 2, "AWS_ENDPOINT_URL_SQS: it is not set"},
		{nil, []string{queue, "AWS_REGION=eu-central-1", "AWS_EC2_METADATA_DISABLED=true"}, 1, "the client has no credentials: give it a role"},
		{nil, []string{queue, "AWS_PROFILE=nobody"}, 2, "AWS's variables and profiles: "},
		{nil, []string{queue, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=i", "AWS_SECRET_ACCESS_KEY=s"}, 2, "the queue is in eu-central-1"},
	} {
		said := &text{}
		p := command(t, c.env, c.args...)
		if !slices.Contains(c.args, "-listen") {
			p.Args = append(p.Args[:1:1], append([]string{"-listen", "127.0.0.1:0"}, c.args...)...)
		}
		p.Stderr = said
		_ = p.Run()
		require.Equal(t, c.code, p.ProcessState.ExitCode(), "%v %v: %s", c.args, c.env, said)
		require.Contains(t, said.String(), c.says)
		require.NotContains(t, said.String(), "pass-word")
	}
}

func TestThePanelShowsTheOwnerWhoIsInTheTableOfCases(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"memory", "sqlite:" + filepath.Join(t.TempDir(), "backend.db")} {
		genesys, env := simulator(t)
		p := start(t, store, append(env, "GENESYS_CLIENTAPP_ID=app", "GENESYS_ORGANIZATION_ID="+genesys.OrganizationID())...)
		p.until(ready(p))
		status, page := p.get("/genesys/app/")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "main.js")
		story := genesystest.BlindTransferToQueue()
		require.NoError(t, genesys.Play(story, genesystest.Speed(100)).Wait(t.Context()))
		alice := genesys.LogIn(genesystest.Login{ClientID: "app", UserID: "user-a"})
		status, answer := p.do(http.MethodPost, "/genesys/app/updates", `{"kind":"hint","conversationId":"`+story.ID+`"}`, "Authorization", "Bearer "+alice)
		require.Equal(t, http.StatusOK, status, answer)
		p.until(func() bool { return has(p.events(story.ID), "conversation.ended") })

		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/genesys/app/case?conversationId="+story.ID, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+alice)
		stream, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer func() { _ = stream.Body.Close() }()
		require.Equal(t, http.StatusOK, stream.StatusCode)
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			if strings.Contains(lines.Text(), `"owner":"Bob","ownerId":"user-b"`) {
				require.Contains(t, lines.Text(), `"id":"CASE-`+story.ID+`"`)
				break
			}
		}
		_, metrics := p.get("/metrics")
		require.Contains(t, metrics, `genesys_clientapp_requests_total{answer="stored"} 1`)
		require.Contains(t, metrics, `genesys_clientapp_streams 1`)
		began := time.Now()
		require.Zero(t, p.stop())
		require.Less(t, time.Since(began), 30*time.Second, "streams do not hold up the end")
	}
}
