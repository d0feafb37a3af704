package eventbridge_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const secret = "a-secret-of-the-connection"

func secrets(context.Context) ([]string, error) { return []string{"an-older-one", secret}, nil }

func newHandler(t testing.TB, sink conversation.Sink, change ...func(*eventbridge.HandlerConfig)) *eventbridge.Handler {
	t.Helper()
	c := eventbridge.HandlerConfig{Secrets: secrets, Logger: slog.New(slog.DiscardHandler)}
	c.AnswerWithin(time.Minute)
	for _, do := range change {
		do(&c)
	}
	h, err := eventbridge.NewHandler(sink, c)
	require.NoError(t, err)
	return h
}

// inTime keeps the limit within which a call is answered.
func inTime(c *eventbridge.HandlerConfig) { c.AnswerWithin(0) }

// call posts a body and returns the answer.
func call(h http.Handler, header http.Header, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/genesys/v1/eventbridge", bytes.NewReader(body))
	r.Header = header
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func key(value string) http.Header { return http.Header{"X-Api-Key": {value}} }

func TestAnEnvelopeIsAnsweredWhenItIsStored(t *testing.T) {
	var b books
	h := newHandler(t, b.sink)
	for _, header := range []http.Header{key(secret), key("an-older-one"), {"Authorization": {"Bearer " + secret}}, basic(secret)} {
		w := call(h, header, envelope("c-1"))
		require.Equal(t, http.StatusOK, w.Code)
		require.JSONEq(t, `{"accepted":true}`, w.Body.String())
	}
	require.Equal(t, map[string]int{"c-1": 4}, b.facts, "a replay changes nothing and is answered as the first")
	require.EqualValues(t, 4, h.Stats().Stored)

	b.set(func(b *books) { b.fails = down })
	w := call(h, key(secret), envelope("c-2"))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, 1, b.stored())
}

func basic(password string) http.Header {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth("genesys", password)
	return r.Header
}

func TestWhatSaysNothingAboutConversationsIsAccepted(t *testing.T) {
	h := newHandler(t, (&books{fails: down}).sink)
	for _, body := range []string{
		`{"detail-type":"v2.users.{id}.presence","detail":{"topicName":"v2.users.u-1.presence","eventBody":{"presenceDefinition":{}}}}`,
		`{"detail-type":"v2.some.{id}.topic.of.tomorrow","detail":{"topicName":"v2.some.x.topic.of.tomorrow","eventBody":{"a":1}}}`,
	} {
		require.Equal(t, http.StatusOK, call(h, key(secret), []byte(body)).Code)
	}
}

func TestWhatCannotBeUnderstoodIsAnsweredWithASentenceThatDoesNotQuoteIt(t *testing.T) {
	var log journal
	h := newHandler(t, (&books{}).sink, func(c *eventbridge.HandlerConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, body := range []string{``, `{`, `"secret content"`, `secret content`, `{"secret content":1}`, `[{"secret content":1}]`, "\x1f\x8bsecret content", strings.Repeat(`[`, 100_000)} {
		w := call(h, key(secret), []byte(body))
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		var answer map[string]string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		require.NotEmpty(t, answer["error"])
		require.NotContains(t, w.Body.String(), "secret content")
	}
	require.NotContains(t, log.String(), "secret content")
	require.EqualValues(t, 8, h.Stats().NotUnderstood)
}

// EventBridge does not send again what was answered 400.
func TestWhatIsUnderstoodOfAnEnvelopeThatIsRefusedIsStored(t *testing.T) {
	both := []byte(`{"Records":[{"body":` + quoted(envelope("c-1")) + `},{"body":"secret content"}]}`)
	b := books{fails: down}
	h := newHandler(t, b.sink)
	require.Equal(t, http.StatusServiceUnavailable, call(h, key(secret), both).Code, "so that it comes again")
	b.set(func(b *books) { b.fails = nil })
	require.Equal(t, http.StatusBadRequest, call(h, key(secret), both).Code)
	require.Equal(t, 1, b.stored())
	require.EqualValues(t, 1, h.Stats().NotUnderstood)
}

// TestWhatIsRefusedOfAnEnvelopeIsSaidBrieflyHoweverMuchItIs: and of how much of it
// nothing is known is seen all the same.
func TestWhatIsRefusedOfAnEnvelopeIsSaidBrieflyHoweverMuchItIs(t *testing.T) {
	snapshot := func(id string, nameless int) string {
		return `{"id":"` + id + `","participants":[` + strings.Repeat(`{"purpose":"agent"},`, nameless) + `{"id":"p","purpose":"customer","calls":[{"id":"s","state":"connected"}]}]}`
	}
	for name, is := range map[string]struct {
		body   string
		code   int
		stored int
	}{
		"nothing is understood":                 {"[" + strings.Repeat("1,", 500_000) + "1]", http.StatusBadRequest, 0},
		"parts of a conversation are not":       {snapshot("c-1", 100), http.StatusOK, 1},
		"parts of several are not":              {"[" + snapshot("c-1", 30) + "," + snapshot("c-2", 30) + "]", http.StatusOK, 2},
		"parts, and one of which nothing is":    {"[" + snapshot("c-1", 30) + `,{"hello":1}]`, http.StatusBadRequest, 1},
		"parts, and before them one of nothing": {`[{"hello":1},` + snapshot("c-1", 30) + "]", http.StatusBadRequest, 1},
	} {
		var b books
		var log journal
		h := newHandler(t, b.sink, func(c *eventbridge.HandlerConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		w := call(h, key(secret), []byte(is.body))
		require.Equal(t, is.code, w.Code, name)
		require.Equal(t, is.stored, b.stored(), name)
		require.Less(t, w.Body.Len(), 64<<10, name)
		require.Less(t, len(log.String()), 64<<10, name)
	}
}

func TestAHandlerNeedsASinkAndSecrets(t *testing.T) {
	for _, is := range []struct {
		sink conversation.Sink
		c    eventbridge.HandlerConfig
	}{{nil, eventbridge.HandlerConfig{Secrets: secrets}}, {(&books{}).sink, eventbridge.HandlerConfig{}}, {(&books{}).sink, eventbridge.HandlerConfig{Secrets: secrets, MaxConcurrent: -1}}} {
		_, err := eventbridge.NewHandler(is.sink, is.c)
		require.Error(t, err)
	}
}

// TestHostileRequestsLeaveNothingBehind sends what attackers send to a real
// server.
func TestHostileRequestsLeaveNothingBehind(t *testing.T) {
	var b books
	h := newHandler(t, b.sink)
	s := httptest.NewServer(h)
	defer s.Close()
	post := func(header http.Header, body io.Reader) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body)
		require.NoError(t, err)
		r.Header = header
		if header.Get("Content-Type") == "" {
			r.Header.Set("Content-Type", "application/json")
		}
		res, err := s.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	with := func(name, value string) http.Header {
		header := key(secret)
		header.Set(name, value)
		return header
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 64 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	require.NoError(t, z.Close())
	large := append(bytes.Repeat([]byte(" "), 1<<20), envelope("large")...)
	for name, is := range map[string]struct{ got, want int }{
		"forged key":        {post(key("forged"), bytes.NewReader(envelope("c"))), 403},
		"forged password":   {post(basic("forged"), bytes.NewReader(envelope("c"))), 403},
		"forged token":      {post(http.Header{"Authorization": {"Bearer forged"}}, bytes.NewReader(envelope("c"))), 401},
		"no proof":          {post(http.Header{}, bytes.NewReader(envelope("c"))), 401},
		"oversized":         {post(key(secret), bytes.NewReader(large)), 413},
		"oversized, chunks": {post(key(secret), io.MultiReader(bytes.NewReader(large))), 413},
		"wrong type":        {post(with("Content-Type", "text/xml"), bytes.NewReader(envelope("c"))), 415},
		"gzip bomb":         {post(with("Content-Encoding", "gzip"), bytes.NewReader(bomb.Bytes())), 415},
		"gzip in disguise":  {post(key(secret), bytes.NewReader(bomb.Bytes())), 400},
	} {
		require.Equal(t, is.want, is.got, name)
	}
	require.Zero(t, b.stored(), "none was let in")
	require.Equal(t, 200, post(key(secret), bytes.NewReader(envelope("c"))))
}

func TestABodyThatDripsIsAnsweredInTime(t *testing.T) {
	var b books
	s := httptest.NewServer(newHandler(t, b.sink, inTime))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	began := time.Now()
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: here\r\nX-Api-Key: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", secret)
	require.NoError(t, err)
	head := make([]byte, 64)
	_, err = conn.Read(head)
	require.NoError(t, err)
	require.Contains(t, string(head), "503")
	require.GreaterOrEqual(t, time.Since(began), time.Second)
	require.Zero(t, b.stored())
}

// TestTenThousandAtOnceAreAnsweredWhileTheStoreHangs is in virtual time: what is
// demanded is the order of things, not the speed of a machine.
func TestTenThousandAtOnceAreAnsweredWhileTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at, most atomic.Int64
		h := newHandler(t, func(ctx context.Context, _ conversation.Update) error {
			for n := at.Add(1); n > most.Load(); {
				most.Store(n)
			}
			defer at.Add(-1)
			<-ctx.Done()
			return ctx.Err()
		}, inTime)
		began := time.Now()
		var all sync.WaitGroup
		var answered [600]atomic.Int64
		for i := range 10_000 {
			all.Go(func() { answered[call(h, key(secret), envelope(fmt.Sprint("c-", i))).Code].Add(1) })
		}
		all.Wait()
		require.Less(t, time.Since(began), 2*time.Second)
		require.EqualValues(t, 10_000, answered[429].Load()+answered[503].Load())
		require.LessOrEqual(t, most.Load(), int64(64))
		synctest.Wait()
		require.Zero(t, h.Stats().Handling)
	})
}

// A13: EventBridge stops for good when it is told once that its secret is wrong.
func TestAConnectionOutlivesARotationAndAStoreThatIsDown(t *testing.T) {
	for _, is := range []struct {
		connection genesystest.Connection
		header     func(string) http.Header
	}{
		{genesystest.ConnectionAPIKey, key},
		{genesystest.ConnectionBasic, basic},
		{genesystest.ConnectionOAuth, func(s string) http.Header { return http.Header{"Authorization": {"Bearer " + s}} }},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := genesystest.NewServer(t, genesystest.InMemory())
			b := books{fails: down}
			var vault atomic.Value
			vault.Store([]string(nil))
			h := newHandler(t, b.sink, func(c *eventbridge.HandlerConfig) {
				c.Secrets = func(context.Context) ([]string, error) {
					if list := vault.Load().([]string); list != nil {
						return list, nil
					}
					return nil, errors.New("the vault is sealed")
				}
			})
			s.PostEnvelopes(genesystest.Destination{URL: "http://here/", Header: is.header("new"), Connection: is.connection, Client: &http.Client{Transport: through{h}}})
			playing := s.Play(genesystest.BlindTransferToQueue())
			time.Sleep(time.Minute) // start-up: the vault does not answer
			vault.Store([]string{"old", "new"})
			time.Sleep(time.Minute) // the store is down
			b.set(func(b *books) { b.fails = nil })
			require.NoError(t, playing.Wait(t.Context()))
			time.Sleep(10 * time.Minute)
			require.Zero(t, s.Counts().Dropped)
			require.Equal(t, len(genesystest.BlindTransferToQueue().DetailEvents()), int(h.Stats().Stored))
			require.Zero(t, h.Stats().Denied)
		})
	}
}

// through is a transport that calls a handler.
type through struct{ http.Handler }

func (h through) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func FuzzHandler(f *testing.F) {
	f.Add("Bearer "+secret, "", "application/json", string(envelope("c-1")))
	f.Add("", secret, "application/json", `{"Records":[{"body":"{}"}]}`)
	f.Add("Basic Og==", "x", "text/plain", "\x00")
	h := newHandler(f, func(_ context.Context, u conversation.Update) error {
		for _, c := range u.Conversations {
			if err := c.Check(); err != nil {
				panic(err)
			}
		}
		return nil
	})
	f.Fuzz(func(t *testing.T, authorization, apiKey, contentType, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", contentType)
		if apiKey != "" {
			r.Header.Set("X-Api-Key", apiKey)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 400, 401, 403, 413, 415:
		default:
			t.Fatalf("%d", w.Code)
		}
		if w.Code == 200 && !strings.Contains(authorization+apiKey, secret) && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(authorization)), "basic") &&
			!strings.Contains(authorization+apiKey, "an-older-one") {
			t.Fatal("let in without a secret")
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("no JSON: %s", w.Body)
		}
	})
}
