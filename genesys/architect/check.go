package architect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// CheckEndpoint finds out whether calls reach a [Handler] as a flow makes them,
// and its answers come back as they are. A flow goes by the status alone: where
// a gateway or a function in between answers 200 to everything, and puts the
// status into the body, each failure is a success to the flow. It makes three
// calls, none of which is a hint: with a wrong token, with nothing to say, and
// a heartbeat. A nil client is http.DefaultClient; its redirect policy is not used,
// as the secret goes nowhere else.
func CheckEndpoint(ctx context.Context, client *http.Client, address, secret string) error {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, c := range []struct {
		what, token, body string
		want              int
	}{
		{"a wrong token", secret + "-wrong", `{}`, http.StatusUnauthorized},
		{"an empty call", secret, `{}`, http.StatusBadRequest},
		{"a heartbeat", secret, `{"source":"` + heartbeat + `","topic":"check"}`, http.StatusOK},
	} {
		status, body, err := try(ctx, &own, address, c.token, c.body)
		switch {
		case err != nil:
			return fmt.Errorf("architect: the endpoint does not answer: %w", err)
		case status == c.want && (status != http.StatusOK || isAck(body)):
			continue
		case status/100 == 3:
			return fmt.Errorf("architect: %s is answered %d: it redirects to another place; is the address that of the handler?", c.what, status)
		case status == http.StatusOK:
			return fmt.Errorf("architect: %s is answered 200 by something else than the handler; does a gateway or a function in between swallow its answers?", c.what)
		case c.want != http.StatusUnauthorized && status == http.StatusUnauthorized:
			return errors.New("architect: the endpoint refuses the token; is it the one that is configured, and does the header Authorization arrive?")
		}
		return fmt.Errorf("architect: %s is answered %d in place of %d; is the address that of the handler?", c.what, status, c.want)
	}
	return nil
}

// try makes one call. Its error does not hold the address, which may hold a
// secret.
func try(ctx context.Context, client *http.Client, address, token, body string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, nil, errors.New("its address is not a URL")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	return res.StatusCode, answer, err
}

// isAck reports whether an answer has both members of the contract and no other.
func isAck(body []byte) bool {
	var members map[string]json.RawMessage
	var a ack
	return json.Unmarshal(body, &members) == nil && json.Unmarshal(body, &a) == nil &&
		len(members) == 2 && members["accepted"] != nil && members["caseId"] != nil
}
