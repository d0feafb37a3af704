package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strconv"

	"github.com/dcmkit/convtrack/genesys"
)

// pageSize is accepted by every list of the API.
const pageSize = 100

// Entities returns what is in a list of the API that has numbered pages, page
// by page as it is asked for. A list that changes meanwhile can show an entity
// twice, or not at all. It ends after the first error; a page without a list is
// one, so that nobody takes it for an organisation in which there is nothing.
func Entities[T any](ctx context.Context, api genesys.API, r genesys.Request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r.Query = maps.Clone(r.Query)
		if r.Query == nil {
			r.Query = map[string][]string{}
		}
		r.Query.Set("pageSize", strconv.Itoa(pageSize))
		for number := 1; ; number++ {
			r.Query.Set("pageNumber", strconv.Itoa(number))
			body, err := api.Call(ctx, r)
			if err != nil {
				yield(none, err)
				return
			}
			var page struct {
				Entities  *[]T   `json:"entities"` // nil: there is no list, which is not the same as an empty one
				PageCount int    `json:"pageCount"`
				NextURI   string `json:"nextUri"`
			}
			if json.Unmarshal(body, &page) != nil || page.Entities == nil {
				// The decoder's error is not shown: it can quote the answer.
				yield(none, &genesys.APIError{Method: r.Verb(), Path: Template(r.Path),
					Err: fmt.Errorf("%w: it is no list of entities", genesys.ErrNotUnderstood)})
				return
			}
			entities := *page.Entities
			for _, e := range entities {
				if !yield(e, nil) {
					return
				}
			}
			if len(entities) == 0 || page.NextURI == "" && number >= page.PageCount {
				return
			}
		}
	}
}
