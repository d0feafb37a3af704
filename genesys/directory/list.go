package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// Organization is the organisation that the credentials belong to.
type Organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// User is a person of the organisation.
type User struct {
	ID    string
	Name  string
	Email string // the address that the person logs in with; empty where it is not shown

	DivisionID   string
	DivisionName string
}

// Queue is an ACD queue.
type Queue struct {
	ID   string
	Name string

	DivisionID   string
	DivisionName string
}

// OrganizationOf asks for the organisation that the credentials of api belong
// to. It is the cheapest call that shows that they are good: it needs no
// permission.
func OrganizationOf(ctx context.Context, api genesys.API) (Organization, error) {
	const path = "/api/v2/organizations/me"
	body, err := api.Call(ctx, genesys.Request{Path: path})
	if err != nil {
		return Organization{}, err
	}
	var o Organization
	if json.Unmarshal(body, &o) != nil || o.ID == "" {
		// The decoder's error is not shown: it can quote the answer.
		return Organization{}, &genesys.APIError{Method: http.MethodGet, Path: path, Err: fmt.Errorf("%w: it is no organisation", genesys.ErrNotUnderstood)}
	}
	return o, nil
}

// Users lists the active users, page by page as they are asked for; it needs
// the permission directory:user:view. After an error it ends. A user who
// is added or removed meanwhile can be missed, or come twice.
func Users(ctx context.Context, api genesys.API) iter.Seq2[User, error] {
	return list(ctx, api, "/api/v2/users", func(e entity) User {
		return User{e.ID, e.Name, e.Email, e.Division.ID, e.Division.Name}
	})
}

// Queues lists the queues, page by page as they are asked for; it needs the
// permission routing:queue:view. After an error it ends. A queue that is added
// or removed meanwhile can be missed, or come twice.
func Queues(ctx context.Context, api genesys.API) iter.Seq2[Queue, error] {
	return list(ctx, api, "/api/v2/routing/queues", func(e entity) Queue {
		return Queue{e.ID, e.Name, e.Division.ID, e.Division.Name}
	})
}

type entity struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Division struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"division"`
}

func list[T any](ctx context.Context, api genesys.API, path string, as func(entity) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for e, err := range rest.Entities[entity](ctx, api, genesys.Request{Path: path}) {
			if !yield(as(e), err) {
				return
			}
		}
	}
}
