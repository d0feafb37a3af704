// Package inspector shows what a tracker knows, how it does and what failed, on a
// few pages for the people who run it, and as JSON for their programs. What failed
// can be tried again or given up there.
//
//	pages, err := inspector.New(inspector.Config{
//		Tracker: tracker,
//		Access: func(r *http.Request) inspector.Access {
//			who, ok := sessions.Of(r)
//			if !ok {
//				return inspector.Access{} // 403
//			}
//			return inspector.Access{Role: inspector.Decide, Actor: who.Account, Personal: who.May("personal-data")}
//		},
//	})
//	if err != nil { … }
//	mux.Handle("/operate/", http.StripPrefix("/operate", pages))
//	server.RegisterOnShutdown(pages.Close)
//
// The host says who may see what; the handler knows nobody by itself. Serve it over
// TLS where people's browsers are on another machine, and over HTTP/2 where they look
// at several pages side by side: without it a browser has six connections.
//
// # Pages
//
// All addresses are relative to the prefix. Each page is there as JSON, too, and is
// followed live while it is seen: its stream says when it has changed, when it
// cannot be read, and when what it shows was forgotten, which then vanishes from it.
//
//	page               JSON                 parameters
//	./                 conversations.json   by, text, state, medium, direction, since, limit, after
//	conversation       conversation.json    id
//	failed             failed.json          hook, type, after
//	health             health.json
//	processes          processes.json
//	live                                    page and its parameters: a stream of server-sent events
//
// Conversations are listed with the most recently changed first. text is what to
// find, and by says by what: id, address (of the customer, in any spelling), user
// and queue (whoever had it once, by id), attribute (of the host's, as name=value).
// state is open or ended, medium and direction are Genesys's words, since is hour,
// day or week: when it changed last. limit is from 1 to 1000, 30 without it; after
// is the next of the page before.
//
// Where what is asked for has no index, or very many conversations, a page looks at
// one conversation after the other for some 40 ms: then it can be short, or empty,
// and its next goes on further back. Only the one without next is the last.
//
// A conversation is shown as lanes of its participants, with everything that was
// announced, the rule of each event, deliveries that are not done, and what failed,
// with stacks, and all facts with the kind of message that states them. As JSON:
//
//	{
//	  "conversationId": "…", "calculatedStatus": "Active", "conversationStart": "…", "originatingDirection": "inbound",
//	  "mediaTypes": ["voice"], "customer": {"name": "…", "address": "…"}, "agents": [{"id": "…", "name": "…"}], "queues": [{"id": "…", "name": "…"}],
//	  "events": [{"seq": 3, "time": "…", "type": "agent.connected", "id": "…", "rule": "agent-answered", "why": "…", "data": {…},
//	    "deliveries": [{"hook": "…", "state": "failed", "attempts": 9, "error": "…", "stack": "…"}]}],
//	  "failed": [{"id": "…", "kind": "delivery", "hook": "…", "attempts": 9, "error": "…", "stack": "…", "at": "…"}],
//	  "facts": [{"object": "session", "id": "…", "facts": [{"field": "queueId", "value": "…", "statedBy": "topic", "statedAt": "…"}]}]
//	}
//
// The list is {"conversations": […], "next": "…"} with the first lines of that,
// failed is {"hooks": […], "items": […], "next": "…"}, health is
// [convtrack.Health], processes is {"processes": [{"name": "…", "this": true}]}. What cannot
// be answered is {"error": "…"} with a status: 400, 403, 404, 405, or 503 while the
// store does not answer or too many look.
//
// # Decisions
//
// POST failed decides on what failed, with a form: do is retry or skip, id names
// items (several are possible), or all=1 with hook everything of a hook. token is
// that of the page's forms. Whoever has not the role Decide gets 403, and so does a request
// that another site's page has the browser send: the browser says whose page it was
// (Sec-Fetch-Site, Origin), and without the token nothing is decided. The log has a
// line with the actor; see [convtrack.WithActor]. Programs decide with the
// tracker's methods, or with examples/convtrackctl.
//
// # Personal data
//
// Without [Access.Personal] every text that is not known to be harmless (ids of
// Genesys, kinds, states, codes) is masked, in pages and in JSON, and nothing can be
// searched by it. With it are masked the errors and stacks of hooks, the names of
// attributes, and all values of events of the host's own ([events.Define]): of
// these only the shape is shown, with the keys that the type of their data has.
// What a source says of itself is shown to all, as is what the host names: hooks,
// types of events, processes.
//
// # Load
//
// Pages read with Config.Reads reads at a time, each for some seconds at most, and
// pages that are followed with one more: people who look cannot take the
// connections of the tracker. No transaction stays open between two reads, and
// nothing is locked.
//
// How long a page takes hardly depends on how many conversations are stored: with a
// million, changed over two months, PostgreSQL and SQLite answer what an index finds,
// or most conversations are, in 1 to 50 ms, and what is searched for in 40 to 55 ms
// (BenchmarkPages, the least of five on two cores beside other work). By a user, a
// queue, an address or an attribute all conversations are found where it has up to
// 5000; where it has more they are looked for in the order of the list.
//
// # Security
//
// Nothing is cached, no script or style stands in a page (Content-Security-Policy
// without unsafe-inline), nobody can frame it, and what conversations contain is
// text wherever it stands.
package inspector
