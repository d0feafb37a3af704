package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// verdict is what Genesys has said of a token.
type verdict struct {
	agent Agent
	err   error     // why he may not call
	idles time.Time // when the token would be revoked for inactivity; zero: unknown
}

// mostAnswer is how large an answer may be.
const mostAnswer = 1 << 20

// ask finds out whose the token is. userID is whose it is known to be; empty: it
// is not known yet. A token never changes its user.
func (v *Verifier) ask(ctx context.Context, token, userID string) verdict {
	idles, err := v.askToken(ctx, token)
	if err != nil {
		return verdict{err: err}
	}
	var user Agent
	if userID != "" && v.config.API != nil {
		user, err = v.readUser(ctx, userID)
	} else {
		user, err = v.askUser(ctx, token)
	}
	return verdict{user, err, idles}
}

// askToken reads what the token is. It does not count as use of it: the
// customer has set after how much inactivity tokens are revoked.
func (v *Verifier) askToken(ctx context.Context, token string) (idles time.Time, err error) {
	var is struct {
		Organization genesysID       `json:"organization"`
		Client       genesysID       `json:"OAuthClient"`
		Cloned       json.RawMessage `json:"clonedUser"`
		Idles        string          `json:"dateTokenIdles"`
	}
	err = v.get(ctx, token, "/api/v2/tokens/me", url.Values{"preserveIdleTTL": {"true"}}, &is)
	switch {
	case genesys.HasStatus(err, http.StatusBadRequest), genesys.HasStatus(err, http.StatusForbidden):
		return idles, ErrToken
	case genesys.IsPermanent(err): // is the API at that address?
		return idles, unverified(err)
	case err != nil:
		return idles, err
	case is.Organization.ID == "" || is.Client.ID == "":
		return idles, unverified(fmt.Errorf("tokens/me: %w", genesys.ErrNotUnderstood))
	case is.Organization.ID != v.config.OrganizationID:
		return idles, ErrOrganization
	case is.Client.ID != v.config.ClientID:
		return idles, ErrClient
	case len(is.Cloned) > 0 && string(is.Cloned) != "null":
		return idles, ErrClone
	}
	idles, _ = time.Parse(time.RFC3339, is.Idles) // not all organisations have it
	return idles, nil
}

type genesysID struct {
	ID string `json:"id"`
}

// user is a user as Genesys tells of him.
type user struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	State    string    `json:"state"`
	Division genesysID `json:"division"`
}

func (u user) agent() (Agent, error) {
	switch {
	case u.ID == "" || u.State == "":
		return Agent{}, unverified(fmt.Errorf("the user: %w", genesys.ErrNotUnderstood))
	case u.State != "active":
		return Agent{}, ErrInactive
	}
	return Agent{u.ID, u.Name, u.Email, u.Division.ID}, nil
}

// askUser asks with the token whose it is.
func (v *Verifier) askUser(ctx context.Context, token string) (Agent, error) {
	var u user
	err := v.get(ctx, token, "/api/v2/users/me", nil, &u)
	switch {
	case genesys.HasStatus(err, http.StatusForbidden):
		return Agent{}, ErrScope
	case genesys.HasStatus(err, http.StatusBadRequest):
		return Agent{}, ErrNotAUser
	case genesys.IsPermanent(err):
		return Agent{}, unverified(err)
	case err != nil:
		return Agent{}, err
	}
	return u.agent()
}

// readUser reads with the backend's own credentials how a user is now.
func (v *Verifier) readUser(ctx context.Context, id string) (Agent, error) {
	body, err := v.config.API.Call(ctx, genesys.Request{Path: "/api/v2/users/" + url.PathEscape(id)})
	if genesys.HasStatus(err, http.StatusNotFound) {
		return Agent{}, ErrInactive // deleted
	}
	if err != nil {
		return Agent{}, unverified(err)
	}
	var u user
	if json.Unmarshal(body, &u) != nil || u.ID != id {
		return Agent{}, unverified(fmt.Errorf("the user: %w", genesys.ErrNotUnderstood))
	}
	return u.agent()
}

// get asks with the user's token. The error is ErrToken when Genesys says that
// the token is not valid, a permanent one when it refuses the call otherwise,
// and else wraps ErrUnverified.
func (v *Verifier) get(ctx context.Context, token, path string, query url.Values, into any) error {
	body, err := rest.CallAs(ctx, v.transport, token, genesys.Request{Path: path, Query: query}, mostAnswer)
	switch {
	case genesys.HasStatus(err, http.StatusUnauthorized):
		return ErrToken
	case genesys.IsPermanent(err):
		return err
	case err != nil:
		return unverified(err)
	}
	if json.Unmarshal(body, into) != nil { // the decoder's error is not shown: it can quote the answer
		return unverified(fmt.Errorf("%s: %w", path, genesys.ErrNotUnderstood))
	}
	return nil
}

// tokenRefusedFor is how long a token is not asked for again that Genesys does
// not know: it will not become valid, but one that was made a moment ago may not
// be known everywhere yet.
const tokenRefusedFor = 30 * time.Second

// age is for how long a verdict holds; zero: it is none.
func (v *Verifier) age(is verdict, began time.Time) time.Duration {
	var api *genesys.APIError
	switch {
	case errors.Is(is.err, ErrUnverified):
		if errors.As(is.err, &api) { // until then Genesys wants to be left alone
			return min(api.RetryAfter, v.config.MaxAge)
		}
		return 0
	case errors.Is(is.err, ErrToken):
		return min(tokenRefusedFor, v.config.MaxAge)
	}
	if left := is.idles.Sub(began); is.err == nil && !is.idles.IsZero() && left > 0 {
		return min(left, v.config.MaxAge)
	}
	return v.config.MaxAge
}
