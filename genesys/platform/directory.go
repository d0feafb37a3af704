package platform

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

// Organization asks for the organisation that the credentials belong to. It is
// the cheapest call that shows that they are good: it needs no permission.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	const path = "/api/v2/organizations/me"
	body, err := c.Call(ctx, genesys.Request{Path: path})
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

// User is a person of the organisation, as far as topics need to know them.
type User struct {
	ID         string
	DivisionID string
}

// Users lists the active users, page by page as they are asked for; it needs
// the permission directory:user:view. After an error it ends. A user who
// is added or removed meanwhile can be missed, or come twice.
func (c *Client) Users(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for e, err := range list(ctx, c, "/api/v2/users") {
			if !yield(User{e.ID, e.Division.ID}, err) {
				return
			}
		}
	}
}

// Queue is an ACD queue.
type Queue struct {
	ID         string
	Name       string
	DivisionID string
}

// Queues lists the queues, page by page as they are asked for; it needs the
// permission routing:queue:view. After an error it ends. A queue that is added
// or removed meanwhile can be missed, or come twice.
func (c *Client) Queues(ctx context.Context) iter.Seq2[Queue, error] {
	return func(yield func(Queue, error) bool) {
		for e, err := range list(ctx, c, "/api/v2/routing/queues") {
			if !yield(Queue{e.ID, e.Name, e.Division.ID}, err) {
				return
			}
		}
	}
}

type entity struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Division struct {
		ID string `json:"id"`
	} `json:"division"`
}

func list(ctx context.Context, c *Client, path string) iter.Seq2[entity, error] {
	return rest.Entities[entity](ctx, c, genesys.Request{Path: path})
}
