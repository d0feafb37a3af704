package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// HTTP returns a Transport that sends requests with client to baseURL, which
// is what precedes /api/v2. A nil client is one with net/http's default
// transport. The client's redirect policy is not used.
func HTTP(client *http.Client, baseURL string) Transport {
	var own http.Client
	if client != nil {
		own = *client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &plain{&own, strings.TrimRight(baseURL, "/")}
}

type plain struct {
	client *http.Client
	base   string
}

func (p *plain) Do(ctx context.Context, o Outgoing) (Answer, error) {
	var body io.Reader
	if o.Body != nil {
		body = bytes.NewReader(o.Body)
	}
	req, err := http.NewRequestWithContext(ctx, o.Method, p.base+o.Path, body)
	if err != nil {
		return Answer{}, WithoutURL(err)
	}
	SetHeaders(req.Header.Set, o)
	return p.send(req, o.MaxBody)
}

func (p *plain) Login(ctx context.Context, clientID, clientSecret string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, LoginURL(p.base), strings.NewReader(LoginForm))
	if err != nil {
		return Answer{}, WithoutURL(err)
	}
	req.SetBasicAuth(clientID, clientSecret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(req, MaxLoginBody)
}

func (p *plain) send(req *http.Request, limit int64) (Answer, error) {
	res, err := p.client.Do(req)
	if err != nil {
		return Answer{}, WithoutURL(err)
	}
	defer res.Body.Close()
	body, err := ReadBody(res.Body, limit)
	return Answer{res.StatusCode, res.Header, body}, err
}

// SetHeaders gives the headers of a call of the API to set.
func SetHeaders(set func(name, value string), o Outgoing) {
	set("Authorization", "Bearer "+o.Token)
	set("Accept", "application/json")
	set("User-Agent", "convtrack")
	if o.Body != nil {
		set("Content-Type", "application/json")
	}
}

// WithoutURL strips the URL from an error of net/http: it holds ids and what
// was asked for.
func WithoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
