package platform

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/mypurecloud/platform-client-sdk-go/v150/platformclientv2"

	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// transport sends requests through the SDK.
type transport struct {
	base  string // what precedes /api/v2
	login string
	pool  pool
}

var _ rest.Transport = (*transport)(nil)

// Do implements rest.Transport.
func (t *transport) Do(ctx context.Context, o rest.Outgoing) (rest.Answer, error) {
	headers := map[string]string{}
	rest.SetHeaders(func(name, value string) { headers[name] = value }, o)
	var body any // nil, or what the SDK sends as it is
	if o.Body != nil {
		text := string(o.Body)
		body = &text
	}
	return t.call(ctx, o.MaxBody, func(c *platformclientv2.APIClient) error {
		_, err := c.CallAPI(t.base+o.Path, o.Method, body, headers, nil, nil, "", nil, "")
		return err
	})
}

// Login implements rest.Transport. It is what AuthorizeClientCredentials does,
// without its loss of the status, and without a token in the Configuration.
func (t *transport) Login(ctx context.Context, clientID, clientSecret string) (rest.Answer, error) {
	headers := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":"+clientSecret))}
	form := url.Values{"grant_type": {"client_credentials"}}
	return t.call(ctx, rest.MaxLoginBody, func(c *platformclientv2.APIClient) error {
		_, err := c.CallAPI(t.login, http.MethodPost, nil, headers, nil, form, "", nil, "login")
		return err
	})
}

// call lends do a configuration of its own. What came back is taken from the
// SDK's hooks and not from its result, which is nil for 429 and 5xx, and
// a success for an answer that broke off in the middle.
func (t *transport) call(ctx context.Context, limit int64, do func(*platformclientv2.APIClient) error) (answer rest.Answer, err error) {
	x := &exchange{ctx: ctx, limit: limit}
	config, err := t.pool.take()
	if err != nil {
		return rest.Answer{}, err
	}
	config.RetryConfiguration.RequestLogHook = x.request
	config.RetryConfiguration.ResponseLogHook = x.response
	defer func() {
		if p := recover(); p != nil {
			// Its value is not shown: it could hold anything.
			answer, err = rest.Answer{}, fmt.Errorf("the SDK panicked (%T)", p)
			return
		}
		// A configuration that a call has left early may still be used by it.
		if err == nil {
			t.pool.put(config)
		}
	}()
	err = do(&config.APIClient)
	switch {
	case x.answered:
		return x.answer, x.err
	case err == nil:
		return rest.Answer{}, errors.New("the SDK reports a success without an answer")
	case ctx.Err() != nil:
		return rest.Answer{}, ctx.Err()
	}
	return rest.Answer{}, cause(err)
}

// exchange sees one request leave and its answer come, as hooks of the SDK.
type exchange struct {
	ctx   context.Context
	limit int64

	answered bool
	answer   rest.Answer
	err      error
}

// request gives the request our context, which the SDK has no parameter for.
// The retry loop holds the same pointer, so it is replaced in place.
func (x *exchange) request(req *http.Request, _ int) { *req = *req.WithContext(x.ctx) }

// response reads the answer before the SDK does, which would ignore an error.
func (x *exchange) response(res *http.Response) {
	body, err := rest.ReadBody(res.Body, x.limit)
	res.Body.Close()
	res.Body = http.NoBody
	x.answered = true
	x.answer, x.err = rest.Answer{Status: res.StatusCode, Header: res.Header, Body: body}, err
}

// cause strips an error of the SDK down to what the network said: its text
// holds the URL.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return errors.New("the SDK gives no cause")
}
