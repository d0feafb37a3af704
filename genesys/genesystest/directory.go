package genesystest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// directory lists the users, queues and wrap-up codes: those of the
// configuration, those that the stories mention, and those that come while the
// server runs.
type directory struct {
	mu                   sync.Mutex
	users, queues, codes map[string]Entry // by id
}

func newDirectory(c config) *directory {
	d := &directory{users: map[string]Entry{}, queues: map[string]Entry{}, codes: map[string]Entry{}}
	d.add(d.users, c.users...)
	d.add(d.queues, c.queues...)
	d.add(d.codes, c.wrapUpCodes...)
	return d
}

func (d *directory) add(to map[string]Entry, entries ...Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range entries {
		e.Name = cmp.Or(e.Name, e.ID)
		to[e.ID] = e
	}
}

func (d *directory) remove(from map[string]Entry, ids ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		delete(from, id)
	}
}

// AddUsers adds users to the directory while the server runs, or changes them.
func (s *Server) AddUsers(users ...Entry) { s.directory.add(s.directory.users, users...) }

// AddQueues adds queues to the directory while the server runs, or changes
// them.
func (s *Server) AddQueues(queues ...Entry) { s.directory.add(s.directory.queues, queues...) }

// RemoveUsers takes users out of the directory. What they are heard in goes on.
func (s *Server) RemoveUsers(ids ...string) { s.directory.remove(s.directory.users, ids...) }

// RemoveQueues takes queues out of the directory. What waits in them goes on.
func (s *Server) RemoveQueues(ids ...string) { s.directory.remove(s.directory.queues, ids...) }

// hire adds the people and queues of a load.
func (d *directory) hire(users, queues []string) {
	for i, id := range users {
		d.add(d.users, Entry{ID: id, Name: fmt.Sprintf("Agent %d", i+1)})
	}
	for i, id := range queues {
		d.add(d.queues, Entry{ID: id, Name: fmt.Sprintf("Queue %d", i+1)})
	}
}

// learn adds what the story mentions.
func (d *directory) learn(s *Story) {
	d.mu.Lock()
	defer d.mu.Unlock()
	add := func(to map[string]Entry, kind, id string) {
		if id != "" && to[id].ID == "" {
			to[id] = Entry{ID: id, Name: kind + " " + id}
		}
	}
	for _, l := range s.Legs {
		add(d.users, "Agent", l.User)
		add(d.queues, "Queue", l.Queue)
		add(d.codes, "Code", l.WrapCode)
	}
	for _, e := range s.Evaluations {
		add(d.users, "Evaluator", e.Evaluator)
	}
}

// find returns the entries with one of the ids and the name, in the order of
// the names.
func (d *directory) find(from map[string]Entry, ids []string, name string) []Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	var entries []Entry
	for id, e := range maps.All(from) {
		if (len(ids) == 0 || slices.Contains(ids, id)) && matchesName(name, e.Name) {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return entries
}

// matchesName compares names without case; a star stands for anything.
func matchesName(pattern, name string) bool {
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	prefix, suffix, wild := strings.Cut(pattern, "*")
	return pattern == "" || name == pattern ||
		wild && len(name) >= len(prefix)+len(suffix) && strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix)
}

// isActive reports whether there is such a user, who is active.
func (d *directory) isActive(user string) bool {
	found := d.find(d.users, []string{user}, "")
	return len(found) == 1 && found[0].active()
}

func (e Entry) state() string { return cmp.Or(e.State, "active") }

func (e Entry) active() bool { return e.state() == "active" }

// division is the one that the entry belongs to.
func (e Entry) division() Object {
	if e.Division == "" {
		return Object{"id": "d-home", "name": "Home"}
	}
	return Object{"id": e.Division, "name": "Division " + e.Division}
}

func userObject(e Entry) Object {
	return Object{"id": e.ID, "name": e.Name, "email": e.ID + "@example.com", "state": e.state(), "version": 1, "selfUri": "/api/v2/users/" + e.ID,
		"division": e.division(), "acdAutoAnswer": false}
}

func queueObject(e Entry) Object {
	return Object{"id": e.ID, "name": e.Name, "selfUri": "/api/v2/routing/queues/" + e.ID, "division": e.division(),
		"memberCount": 1, "acwSettings": Object{"wrapupPrompt": "OPTIONAL", "timeoutMs": 120000}}
}

func codeObject(e Entry) Object {
	return Object{"id": e.ID, "name": e.Name, "selfUri": "/api/v2/routing/wrapupcodes/" + e.ID, "division": Object{"id": "*"}}
}

func (s *Server) listEntries(c *call, from map[string]Entry, object func(Entry) Object, only ...func(Entry) bool) answer {
	q := c.URL.Query()
	objects := []Object{}
	for _, e := range s.directory.find(from, list(q, "id"), q.Get("name")) {
		if len(only) == 0 || only[0](e) {
			objects = append(objects, object(e))
		}
	}
	if strings.HasPrefix(strings.ToLower(q.Get("sortOrder")), "desc") {
		slices.Reverse(objects)
	}
	return paged(objects, q, c.URL.Path)
}

func (s *Server) oneEntry(c *call, from map[string]Entry, what string, object func(Entry) Object) answer {
	found := s.directory.find(from, []string{c.PathValue("id")}, "")
	if len(found) == 0 {
		return notFound(what)
	}
	return ok(object(found[0]))
}

func (s *Server) listUsers(c *call) answer {
	wanted := cmp.Or(c.URL.Query().Get("state"), "active")
	return s.listEntries(c, s.directory.users, userObject, func(e Entry) bool { return wanted == "any" || e.state() == wanted })
}

func (s *Server) getUser(c *call) answer { return s.oneEntry(c, s.directory.users, "user", userObject) }

func (s *Server) listQueues(c *call) answer { return s.listEntries(c, s.directory.queues, queueObject) }

func (s *Server) getQueue(c *call) answer {
	return s.oneEntry(c, s.directory.queues, "queue", queueObject)
}

func (s *Server) listWrapUpCodes(c *call) answer {
	return s.listEntries(c, s.directory.codes, codeObject)
}

func (s *Server) getWrapUpCode(c *call) answer {
	return s.oneEntry(c, s.directory.codes, "wrap-up code", codeObject)
}

// searchUsers answers POST /api/v2/users/search: every criterion must match the
// start of the name or the id.
func (s *Server) searchUsers(c *call) answer {
	var q struct {
		PageSize   int `json:"pageSize"`
		PageNumber int `json:"pageNumber"`
		Query      []struct {
			Fields []string `json:"fields"`
			Value  string   `json:"value"`
			Values []string `json:"values"`
		} `json:"query"`
	}
	if err := decode(c.Request, &q); err != nil {
		return badRequest("The body is not a search.")
	}
	number, size := cmp.Or(q.PageNumber, 1), cmp.Or(q.PageSize, usualPage)
	if number < 1 || size < 1 || size > mostPage {
		return badRequest("pageNumber must be at least 1, pageSize between 1 and 100.")
	}
	found := s.directory.find(s.directory.users, nil, "")
	for _, criterion := range q.Query {
		values := criterion.Values
		if criterion.Value != "" {
			values = append(slices.Clone(values), criterion.Value)
		}
		found = slices.DeleteFunc(found, func(e Entry) bool {
			return !slices.ContainsFunc(values, func(v string) bool {
				return slices.Contains(criterion.Fields, "id") && e.ID == v ||
					slices.Contains(criterion.Fields, "name") && strings.HasPrefix(strings.ToLower(e.Name), strings.ToLower(v))
			})
		})
	}
	results := []Object{}
	for _, e := range cutPage(found, number, size) {
		results = append(results, userObject(e))
	}
	return ok(Object{"results": results, "total": len(found), "pageNumber": number, "pageSize": size, "pageCount": (len(found) + size - 1) / size,
		"types": []string{"users"}})
}
