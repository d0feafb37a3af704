package main_test

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// finding is a line of doctor -json.
type finding struct{ Check, Level, Says, Remedy string }

// diagnose runs doctor with variables, and again where the machine was too busy for
// the time that doctor gives a database.
func diagnose(t *testing.T, store string, env []string, args ...string) (code int, findings []finding) {
	t.Helper()
	until(t, func() bool {
		code, findings = diagnoseOnce(t, store, env, args...)
		return !slices.ContainsFunc(findings, func(f finding) bool {
			return strings.Contains(f.Says, "within two seconds") || strings.Contains(f.Says, "the store is ") || strings.Contains(f.Says, "does not let go")
		})
	})
	return code, findings
}

func diagnoseOnce(t *testing.T, store string, env []string, args ...string) (code int, findings []finding) {
	t.Helper()
	c := command(t, store, "", append([]string{"doctor", "-json"}, args...)...)
	c.Env = append(c.Env, env...)
	out, _ := c.Output() // the exit code says it
	for line := range strings.Lines(string(out)) {
		var f finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		findings = append(findings, f)
	}
	return c.ProcessState.ExitCode(), findings
}

// of are the findings of a check.
func of(findings []finding, check string) (some []finding) {
	for _, f := range findings {
		if f.Check == check {
			some = append(some, f)
		}
	}
	return some
}

func TestDoctorFindsNothingInAStoreThatIsWell(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		done(t, store, "migrate", "apply")
		code, findings := diagnose(t, store, nil)
		require.Zero(t, code, findings)
		for _, check := range []string{"migrations", "tables", "failed", "deliveries"} {
			require.Equal(t, "ok", of(findings, check)[0].Level, check)
		}
		for _, check := range []string{"Genesys Cloud", "queue"} {
			require.Equal(t, "unknown", of(findings, check)[0].Level, check)
		}
		if strings.HasPrefix(store, "postgres:") {
			require.Equal(t, "ok", of(findings, "clock")[0].Level)
			_, findings = diagnose(t, store+"&pool_max_conns=5", nil)
			require.Equal(t, "warning", of(findings, "pool")[0].Level)
			require.Contains(t, of(findings, "pool")[0].Remedy, "pool_max_conns=24")
			_, findings = diagnose(t, store+"&pool_max_conns=24", nil)
			require.Equal(t, "ok", of(findings, "pool")[0].Level)
		}
		require.Regexp(t, `ok +migrations: all \d+ are applied`, done(t, store, "doctor"))
	})
}

func TestDoctorFindsWhatIsMissingInTheDatabase(t *testing.T) {
	t.Parallel()
	schema := cluster.Schema(t)
	store := cluster.URL(schema)
	code, findings := diagnose(t, store, nil)
	require.Equal(t, 1, code)
	require.Contains(t, of(findings, "migrations")[0].Says, "convtrackctl migrate apply")

	done(t, store, "migrate", "apply")
	role := "role_" + schema
	cluster.Exec(t, "create role "+role+" login", done(t, "", "grants", role, "-schema", schema), "revoke update on "+schema+".cdm_inbox from "+role,
		"drop index "+schema+".cdm_inbox_owner")
	t.Cleanup(func() { cluster.Exec(t, "drop owned by "+role+" cascade", "drop role "+role) })
	code, findings = diagnose(t, as(t, store, role), nil)
	require.Equal(t, 1, code)
	problems := of(findings, "tables")
	require.Len(t, problems, 2)
	require.Contains(t, problems[0].Says, "the index cdm_inbox_owner is missing")
	require.Contains(t, problems[1].Says, "may not update in the table cdm_inbox")
	require.Contains(t, problems[1].Remedy, "convtrackctl grants ROLE")

	cluster.Exec(t, "delete from "+schema+".cdm_migration where number > 1")
	code, findings = diagnose(t, store, nil)
	require.Equal(t, 1, code)
	require.Contains(t, of(findings, "migrations")[0].Says, "missing")
}

func TestDoctorSaysWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	schema := cluster.Schema(t)
	store := cluster.URL(schema)
	done(t, store, "migrate", "apply")
	config, _, _ := broken()
	hear(t, track(t, store, config), genesystest.BlindTransferToQueue())
	until(t, func() bool { return len(failed(t, store)) == 1 })

	locks, err := pgx.Connect(t.Context(), store)
	require.NoError(t, err)
	defer func() { require.NoError(t, locks.Close(context.WithoutCancel(t.Context()))) }()
	_, err = locks.Exec(t.Context(), "begin; lock table "+schema+".cdm_delivery in access exclusive mode")
	require.NoError(t, err)
	var code int
	var findings []finding
	until(t, func() bool {
		code, findings = diagnoseOnce(t, store, nil)
		return of(findings, "processes")[0].Level == "ok" // they are written elsewhere
	})
	require.Equal(t, 1, code)
	for _, check := range []string{"deliveries", "failed"} {
		is := of(findings, check)
		require.Len(t, is, 1)
		require.Equal(t, "unknown", is[0].Level, is)
		require.Contains(t, is[0].Remedy, "run doctor again")
	}
	_, err = locks.Exec(t.Context(), "rollback")
	require.NoError(t, err)

	role := "role_" + schema
	cluster.Exec(t, "create role "+role+" login", done(t, "", "grants", role, "-schema", schema), "revoke select on "+schema+".cdm_delivery from "+role)
	t.Cleanup(func() { cluster.Exec(t, "drop owned by "+role+" cascade", "drop role "+role) })
	code, findings = diagnoseOnce(t, as(t, store, role), nil)
	require.Equal(t, 1, code)
	for _, check := range []string{"deliveries", "failed"} {
		require.Equal(t, "unknown", of(findings, check)[0].Level, check)
	}
	code, _ = diagnose(t, store, nil, "-workers", "-5")
	require.Equal(t, 2, code)
}

func TestDoctorFindsWhatHasFailed(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		config, _, _ := broken()
		hear(t, track(t, store, config), genesystest.BlindTransferToQueue())
		until(t, func() bool { return len(failed(t, store)) == 1 })
		code, findings := diagnose(t, store, nil)
		require.Equal(t, 1, code)
		require.Contains(t, of(findings, "failed")[0].Remedy, "convtrackctl failed list")
		require.Equal(t, "ok", of(findings, "deliveries")[0].Level, "a running process has the hook")
		require.Contains(t, of(findings, "processes")[0].Says, "1 run: ")
	})
}

func TestDoctorFindsDeliveriesToHooksThatNobodyHas(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		t.Run("before", func(t *testing.T) {
			config, _, _ := broken()
			hear(t, track(t, store, config), genesystest.BlindTransferToQueue())
			until(t, func() bool { return len(failed(t, store)) == 1 })
		})
		_, findings := diagnose(t, store, nil)
		require.Equal(t, "unknown", of(findings, "processes")[0].Level)
		require.Equal(t, "unknown", of(findings, "deliveries")[0].Level)
		require.Contains(t, of(findings, "deliveries")[0].Says, "2 to the hook case-owner are unfinished; whether a program still registers that hook cannot be known while none runs")
		track(t, store, nil)
		until(t, func() bool {
			_, findings = diagnose(t, store, nil)
			return of(findings, "processes")[0].Level == "ok"
		})
		require.Equal(t, "problem", of(findings, "deliveries")[0].Level)
		require.Contains(t, of(findings, "deliveries")[0].Says, "no running process has that hook")
		require.Contains(t, of(findings, "deliveries")[0].Remedy, "a function that does nothing")
		require.Equal(t, "ok", of(findings, "writing")[0].Level)
	})
}

func TestDoctorFindsWhatTheOAuthClientMayNot(t *testing.T) {
	t.Parallel()
	store := "sqlite:" + t.TempDir() + "/store.db"
	done(t, store, "migrate", "apply")
	directory := []genesystest.Option{genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "first line"}), genesystest.Users(genesystest.Entry{ID: "user-a", Name: "Alice"})}
	server := genesystest.NewServer(t, directory...)
	env := []string{"GENESYS_BASE_URL=" + server.URL()}
	code, findings := diagnose(t, store, env, "-topics")
	require.Zero(t, code, findings)
	require.Contains(t, of(findings, "token")[0].Says, server.OrganizationID())
	require.Contains(t, of(findings, "topics")[0].Says, "all 2 that were tried may be heard")
	for _, f := range findings {
		if strings.HasPrefix(f.Check, "reading ") {
			require.Equal(t, "ok", f.Level, f)
		}
	}
	_, findings = diagnose(t, store, env)
	require.Equal(t, "unknown", of(findings, "topics")[0].Level)

	server.Faults().Requests(genesystest.RequestFault{Status: 403, Match: func(_, path string) bool { return strings.HasPrefix(path, "/api/v2/analytics/") }})
	code, findings = diagnose(t, store, env)
	require.Equal(t, 1, code)
	require.Equal(t, "problem", of(findings, "reading conversations")[0].Level)
	require.Contains(t, of(findings, "reading conversations")[0].Remedy, "analytics:conversationDetail:view")

	blind := genesystest.NewServer(t, directory...)
	blind.Faults().Requests(genesystest.RequestFault{Status: 403, Match: func(_, path string) bool { return path == "/api/v2/users" }})
	code, findings = diagnose(t, store, []string{"GENESYS_BASE_URL=" + blind.URL()})
	require.Equal(t, 1, code, "examples/backend follows users, and does not start without")
	require.Equal(t, "problem", of(findings, "reading users")[0].Level)

	deaf := genesystest.NewServer(t, append(directory, genesystest.ForbidTopics("v2.routing.queues.*"))...)
	code, findings = diagnose(t, store, []string{"GENESYS_BASE_URL=" + deaf.URL()}, "-topics")
	require.Equal(t, 1, code)
	require.Contains(t, of(findings, "topics")[0].Remedy, "conversation:communication:view")

	code, findings = diagnose(t, store, append(env, "GENESYS_CLIENT_ID=id", "GENESYS_CLIENT_SECRET=not-the-secret"))
	require.Equal(t, 1, code)
	require.Contains(t, of(findings, "token")[0].Remedy, "Client Credentials")
	code, _ = diagnose(t, store, append(env, "GENESYS_CLIENT_ID=id"))
	require.Equal(t, 2, code)
}

func TestDoctorLooksAtTheQueueAndItsDeadLetters(t *testing.T) {
	t.Parallel()
	store := "sqlite:" + t.TempDir() + "/store.db"
	done(t, store, "migrate", "apply")
	s := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1})
	dead := s.Queue("events-failed", genesystest.QueueAttributes{})
	variables := func(url string) []string {
		return []string{"CONVTRACK_SQS_QUEUE_URL=" + url, "AWS_ENDPOINT_URL_SQS=" + s.URL(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret"}
	}
	env := variables(s.Queue("events", genesystest.QueueAttributes{DeadLetter: dead}).URL())
	code, findings := diagnose(t, store, env)
	require.Zero(t, code, findings)
	require.Equal(t, "ok", of(findings, "queue")[0].Level)
	require.Equal(t, "it is empty", of(findings, "dead-letter queue")[0].Says)

	dead.Send([]byte("{}"))
	code, findings = diagnose(t, store, env)
	require.Equal(t, 1, code)
	require.Contains(t, of(findings, "dead-letter queue")[0].Says, "1 messages wait")

	code, findings = diagnose(t, store, variables(s.Queue("alone", genesystest.QueueAttributes{}).URL()))
	require.Equal(t, 1, code)
	require.Contains(t, of(findings, "dead-letter queue")[0].Says, "the queue has none")
	code, findings = diagnose(t, store, variables(s.URL()+"/000000000000/nowhere"))
	require.Equal(t, 1, code)
	require.Equal(t, "problem", of(findings, "queue")[0].Level)
}

func TestDoctorSaysThatTheDatabaseHangsAndChecksTheRest(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }() // it accepts, as the kernel does, and says nothing
	c := command(t, "postgres://u@"+l.Addr().String()+"/x?sslmode=disable", "", "doctor", "-json")
	out, err := c.Output()
	require.Error(t, err)
	require.Equal(t, 1, c.ProcessState.ExitCode(), "%s", out)
	require.Contains(t, string(out), `"check":"store","level":"problem"`)
	require.Contains(t, string(out), `"check":"queue"`)
}
