package genesystest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is a listing of entities (protocol 6.1).
func page[T any](entities []T, number, size, total int) Object {
	return Object{"entities": entities, "pageNumber": number, "pageSize": size, "total": total, "pageCount": (total + size - 1) / size}
}

// The size of a page without a wish, and the most that is allowed.
const (
	usualPage = 25
	mostPage  = 100
)

// paged cuts the page out of the list that the query asks for. Zero counts as
// no wish: the SDK sends it (protocol 8.3).
func paged[T any](all []T, query url.Values, path string) answer {
	number, size := number(query, "pageNumber", 1), number(query, "pageSize", usualPage)
	if number < 1 || size < 1 || size > mostPage {
		return badRequest("pageNumber must be at least 1, pageSize between 1 and 100.")
	}
	body := page(cutPage(all, number, size), number, size, len(all))
	link := func(name string, n int) {
		q := url.Values{}
		for k, v := range query {
			q[k] = v
		}
		q.Set("pageNumber", strconv.Itoa(n))
		q.Set("pageSize", strconv.Itoa(size))
		body[name] = path + "?" + q.Encode()
	}
	link("selfUri", number)
	link("firstUri", 1)
	link("lastUri", max(1, (len(all)+size-1)/size))
	if number*size < len(all) {
		link("nextUri", number+1)
	}
	if number > 1 {
		link("previousUri", number-1)
	}
	return ok(body)
}

// cutPage returns a page of the list, never nil.
func cutPage[T any](all []T, number, size int) []T {
	from := min((number-1)*size, len(all))
	return append([]T{}, all[from:min(from+size, len(all))]...)
}

// number is an integer of a query; missing and zero mean usual, and what is no
// integer is refused as out of range.
func number(query url.Values, name string, usual int) int {
	v := query.Get(name)
	if v == "" || v == "0" {
		return usual
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return -1
	}
	return n
}

// list returns the values of a parameter, in either of the ways to write
// several (protocol 8.3).
func list(query url.Values, name string) []string {
	var all []string
	for _, v := range query[name] {
		for one := range strings.SplitSeq(v, ",") {
			if one != "" && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}

// isoTime writes a time as the platform does.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// interval parses start/end.
func interval(s string) (from, to time.Time, valid bool) {
	a, b, found := strings.Cut(s, "/")
	from, err1 := time.Parse(time.RFC3339, a)
	to, err2 := time.Parse(time.RFC3339, b)
	return from.UTC(), to.UTC(), found && err1 == nil && err2 == nil && from.Before(to)
}
