// Package clientapp serves a page for a frame in the agent's desktop of Genesys
// Cloud: it tells the host when something happens to the agent's conversations,
// and shows the agent the host's case and its owner.
//
//	app, err := clientapp.New(clientapp.Config{
//		Region: region, ClientID: id, OrganizationID: organization,
//		Sink: tracker.Observe, Conversation: tracker.Get, API: client, Case: cases.Of,
//	})
//	…
//	mux.Handle("/genesys/app/", http.StripPrefix("/genesys/app", app))
//	server.RegisterOnShutdown(app.Close)
//	events.After(hooks, "panel", func(_ context.Context, e *events.AgentConnected) error {
//		app.CaseChanged(e.ConversationID)
//		return nil
//	})
//
// genesys/setup writes what an administrator imports for it: the integration and
// the OAuth client.
//
// # The page
//
// It is opened by Genesys Cloud, with what it needs to know in its address:
//
//	https://dcm.example.com/genesys/app/?gcConversationId={{gcConversationId}}&gcHostOrigin={{gcHostOrigin}}&gcLangTag={{gcLangTag}}
//
// With a conversation (an interaction widget) it follows that one, without one
// (standalone) all of the agent's own. gcLangTag chooses the language: English,
// German or Spanish. gcHostOrigin chooses among the origins that the
// configuration allows; nothing in the address chooses a host that the browser or
// the server speaks with.
//
// The page logs the agent in with Genesys Cloud (OAuth authorization code with
// PKCE), in a frame that nobody sees while the agent has a session there, and
// otherwise in a window that the agent opens with a button. Then it opens a
// notification channel with the agent's own topic, v2.users.{id}.conversations,
// and reads each conversation that it follows, again after each reconnect. An
// agent who may not read a conversation, or not hear of his own, still tells that
// something happened. Once another agent has logged in in the same browser, the page
// begins anew as his. All pages of one agent in one browser share one channel and
// one event stream, however many interactions and tabs are open (Genesys Cloud
// gives a user 20 channels for each OAuth client, and a browser six connections
// to a server without HTTP/2). Nothing but the address of that channel is stored
// in the browser, and only where it lets frames store something.
//
// # The protocol
//
// All of it is below the prefix, in JSON, and of the same origin. Both calls need
// the agent's token of Genesys Cloud, as "Authorization: Bearer".
//
// GET config.json tells the page the OAuth client, the hosts of the region, and
// whether the host wants to have what the browser has seen (Config.Heard).
//
// POST updates says that something happened:
//
//	{"source": "client-app", "kind": "event", "conversationId": "…", "seenAt": "2026-01-10T10:00:00.000Z", "body": {…}}
//
// kind is "event" for a notification, "snapshot" for a conversation that was
// read, "hint" when there is nothing to show for it. body is what Genesys sent,
// up to 1 MiB with the rest; the page leaves it out when the host does not want
// it or when it is larger. Whatever it says, it is a hint: it is stored before it
// is answered, and then the host reads the conversation itself.
//
//	200 {"accepted": true}   the hint is stored; to say it again does no harm
//	400 {"error": "…"}       it cannot be understood
//	401                      the token is not valid any more: log in again
//	403                      it is of another organisation, OAuth client or kind of user;
//	                         with "code": "participant" it is valid, but the agent takes no part in this conversation
//	413                      the body is too large
//	429, 503                 too many calls, or not now: say it again, after Retry-After
//
// Any other answer is not the host's but of something before it: the page says it
// again. It does so, once a minute, also after 401 and 403 without a code, as these
// can pass; and once more as a hint, in a request that outlives it, when it is closed.
//
// GET case?conversationId=…&conversationId=… is a stream of server-sent events,
// one for each conversation when it begins and when its case has changed:
//
//	event: case
//	data: {"conversationId": "…", "takesPart": true, "case": {"id": "…", "title": "…", "status": "…", "url": "…", "owner": "…", "ownerId": "…"}}
//
// case is null while there is none. unknown is true, and nothing else is said, while
// that cannot be found out. takesPart is false while the agent is not
// known to take part in the conversation; then nothing is told. A comment every
// 15 s shows that the stream is alive; it ends after 5 minutes, and the page opens
// another one.
//
// # Who may
//
// Genesys Cloud's frames prove nothing but the token. It is verified at Genesys,
// once in five minutes: of this organisation, made for this OAuth client, of a
// user who is active. It is passed on to nobody else and neither stored nor
// logged. Then the agent must take part in the conversation, by what the host
// knows or reads with its own credentials, unless Config.AnyAgent is set.
package clientapp
