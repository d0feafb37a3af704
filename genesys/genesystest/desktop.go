package genesystest

import (
	"cmp"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// ClientApp is an integration that shows a page in a frame on the desktop of the
// agents.
type ClientApp struct {
	Name string
	// URL is that of the page, with placeholders as Genesys has them:
	// {{gcConversationId}}, {{gcHostOrigin}}, {{gcTargetEnv}}, {{gcLangTag}} …
	URL string
	// Sandbox is what the page may do, separated by commas; empty: what Genesys
	// needs for a login, "allow-scripts,allow-same-origin,allow-forms,allow-popups".
	Sandbox string
	// Standalone is a page of its own; otherwise it is a widget beside each
	// interaction.
	Standalone bool
}

// InstallApps adds client apps to the desktops, which are at [Server.DesktopURL].
func (s *Server) InstallApps(apps ...ClientApp) {
	s.desktop.mu.Lock()
	defer s.desktop.mu.Unlock()
	for _, a := range apps {
		a.Name = cmp.Or(a.Name, "App")
		a.Sandbox = cmp.Or(a.Sandbox, "allow-scripts,allow-same-origin,allow-forms,allow-popups")
		s.desktop.apps = append(s.desktop.apps, a)
	}
}

// DesktopURL is the page that stands for the agent's desktop of Genesys Cloud:
// the user's interactions, and the apps in their frames. The user is logged in
// there, so that a login in a frame leads back at once. conversation is the
// interaction that is open at first; empty: none.
func (s *Server) DesktopURL(userID, conversation string) string {
	q := url.Values{}
	if userID != "" {
		q.Set("user", userID)
	}
	if conversation != "" {
		q.Set("conversation", conversation)
	}
	return strings.TrimSuffix(s.url+"/desktop/?"+q.Encode(), "?")
}

// desktop is what all desktops have in common.
type desktop struct {
	mu   sync.Mutex
	apps []ClientApp
}

//go:embed desktop
var desktopFiles embed.FS

// routesOfDesktop are those of the page. Nobody has to log in there.
func (s *Server) routesOfDesktop() {
	page, err := fs.Sub(desktopFiles, "desktop")
	if err != nil {
		panic(err) // it is embedded
	}
	s.mux.Handle("GET /desktop/", http.StripPrefix("/desktop/", http.FileServerFS(page)))
	for pattern, e := range map[string]func(http.ResponseWriter, *http.Request) answer{
		"GET /desktop/settings":                      s.desktopSettings,
		"POST /desktop/session":                      s.desktopSession,
		"GET /desktop/interactions":                  s.interactions,
		"POST /desktop/interactions":                 s.startInteraction,
		"POST /desktop/interactions/{id}/transfer":   s.transferInteraction,
		"POST /desktop/interactions/{id}/disconnect": s.disconnectInteraction,
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			e(w, r).write(w, s.dice.uuid())
		})
	}
}

func (s *Server) desktopSettings(_ http.ResponseWriter, r *http.Request) answer {
	agents := []Object{}
	for _, u := range s.directory.find(s.directory.users, nil, "") {
		agents = append(agents, Object{"id": u.ID, "name": u.Name})
	}
	apps := []Object{}
	s.desktop.mu.Lock()
	defer s.desktop.mu.Unlock()
	for _, a := range s.desktop.apps {
		apps = append(apps, Object{"name": a.Name, "url": a.URL, "sandbox": a.Sandbox, "standalone": a.Standalone})
	}
	return ok(Object{"agents": agents, "apps": apps, "user": s.signedIn(r)})
}

func (s *Server) desktopSession(w http.ResponseWriter, r *http.Request) answer {
	user := r.FormValue("user")
	if !s.directory.isActive(user) {
		return notFound("user")
	}
	s.beginSession(w, user)
	return answer{status: http.StatusNoContent}
}

// interactions are those of the user, the oldest first.
func (s *Server) interactions(_ http.ResponseWriter, r *http.Request) answer {
	all := []Object{}
	for _, p := range s.stage.all() {
		p.view(0, func(st *Story, at time.Duration) {
			if l := st.legOf(r.FormValue("user"), at); l != nil {
				all = append(all, Object{"id": p.id, "media": l.Media, "state": l.state(at)})
			}
		})
	}
	return ok(all)
}

// startInteraction lets a customer come in, whom the user is asked to answer and
// answers.
func (s *Server) startInteraction(_ http.ResponseWriter, r *http.Request) answer {
	user := r.FormValue("user")
	if !s.directory.isActive(user) {
		return notFound("user")
	}
	st := NewStory(s.dice.uuid())
	st.Media = cmp.Or(r.FormValue("media"), "voice")
	if st.Media == "message" {
		st.Message = "webmessaging"
	}
	customer := st.Customer("customer", 0)
	queue := st.Queue("queue", 500*time.Millisecond, "q-desktop")
	agent := st.Agent("agent", time.Second, user, "q-desktop").Answer(3 * time.Second)
	queue.AnsweredBy(agent, 10*time.Millisecond)
	customer.Peer = agent.Session
	return ok(Object{"id": s.Play(s.dice.fresh(st)).ID()})
}

// transferInteraction hands the interaction over to another user.
func (s *Server) transferInteraction(_ http.ResponseWriter, r *http.Request) answer {
	user := r.FormValue("user")
	others := slices.DeleteFunc(s.directory.find(s.directory.users, nil, ""), func(e Entry) bool { return e.ID == user || !e.active() })
	if len(others) == 0 {
		return badRequest("There is no other user.")
	}
	return s.act(r, func(st *Story, own *Leg, at time.Duration) {
		own.leave(at, "transfer")
		other := st.Agent(s.dice.uuid(), at+time.Second, others[0].ID, own.Queue).Answer(at + 3*time.Second)
		other.Media, other.Message = own.Media, own.Message
	})
}

// disconnectInteraction lets the user end the interaction.
func (s *Server) disconnectInteraction(_ http.ResponseWriter, r *http.Request) answer {
	return s.act(r, func(st *Story, own *Leg, at time.Duration) {
		own.leave(at, "client")
		for _, l := range st.Legs {
			if l != own && l.End == Never {
				l.Ends(at+20*time.Millisecond, "peer")
			}
		}
	})
}

// act lets the user do something to an interaction of his.
func (s *Server) act(r *http.Request, do func(st *Story, own *Leg, at time.Duration)) answer {
	p, done := s.stage.find(r.PathValue("id")), false
	if p != nil {
		p.change(func(st *Story, at time.Duration) bool {
			own := st.legOf(r.FormValue("user"), at)
			if done = own != nil && own.End == Never; done {
				st.freeze(at)
				do(st, own, at)
			}
			return done
		})
	}
	if !done {
		return notFound("conversation")
	}
	return accepted(Object{})
}

// leave ends the agent's leg, after which the work after the call is soon done.
func (l *Leg) leave(at time.Duration, disconnect string) {
	l.Ends(at, disconnect)
	if l.owesWrapUp() {
		l.WrapUp(at+3*time.Second, "w-1")
	}
}
