package clientapp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dcmkit/convtrack/genesys/clientapp/internal/agent"
	"github.com/dcmkit/convtrack/genesys/internal/ingress"
	"github.com/dcmkit/convtrack/internal/throttle"
)

// maxBody is how large a post may be: that of a long conversation is larger, and
// the page then sends the hint alone.
const maxBody = 1 << 20

// App serves the page, its posts and its events; see the package comment. It is
// an http.Handler for what is below a prefix that is stripped from the path, and
// safe for concurrent use.
type App struct {
	config  Config
	policy  string
	assets  map[string]asset
	updates *ingress.Handler

	verifier      *agent.Verifier
	participation *participation
	hearing       chan struct{} // a place for each call of Heard
	streams       streams
	counts        counts
	throttled     throttle.Log // what can happen with each request
}

// New returns an App. Close ends its streams.
func New(c Config) (*App, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	h, err := findHosts(c)
	if err != nil {
		return nil, err
	}
	s, err := openSDK(c.SDK)
	if err != nil {
		return nil, err
	}
	settings, err := writeSettings(c, h)
	if err != nil {
		return nil, err
	}
	assets, err := readAssets(s, settings)
	if err != nil {
		return nil, err
	}
	a := &App{config: c, policy: policy(h, s), assets: assets, participation: newParticipation(c), hearing: make(chan struct{}, c.MaxConcurrent)}
	a.verifier = agent.New(agent.Config{
		BaseURL: h.api, HTTP: c.HTTP, OrganizationID: c.OrganizationID, ClientID: c.ClientID, API: c.API,
		PerMinute: c.MaxPerMinute, Burst: max(1, c.MaxPerMinute/5),
	})
	a.streams.most = c.MaxStreams
	a.updates, err = ingress.New(ingress.Config{
		Name: "client app", Authenticate: a.authenticate, Handle: a.handle, MaxBody: maxBody, MaxConcurrent: c.MaxConcurrent, Logger: c.Logger,
	})
	return a, err
}

// ServeHTTP implements http.Handler.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	w.Header().Set("Content-Security-Policy", a.policy)
	name := strings.TrimPrefix(r.URL.Path, "/")
	file, isFile := a.assets[name]
	switch {
	case name == "updates":
		a.updates.ServeHTTP(w, r)
	case !isFile && name != "case":
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET is understood here", http.StatusMethodNotAllowed)
	case isFile:
		file.ServeHTTP(w, r)
	default:
		a.serveCases(w, r)
	}
}

// CaseChanged has the case of a conversation looked up again for every panel
// that shows it: call it when a hook has changed the case or its owner. It
// returns at once and costs nothing when no panel shows it. The case is looked up
// three times within half a second, so that a hook may call it before its
// transaction is committed.
func (a *App) CaseChanged(conversationID string) { a.streams.changed(conversationID) }

// Close ends the event streams, so that a server that shuts down need not wait
// for them: give it to http.Server.RegisterOnShutdown. Posts of agents who have
// been verified lately can still be served.
func (a *App) Close() {
	a.streams.close()
	a.verifier.Close()
}

// settings are what the page needs to know before anybody has logged in.
type settings struct {
	ClientID  string   `json:"clientId"`
	Domain    string   `json:"domain,omitempty"`
	Gateway   *gate    `json:"gateway,omitempty"`
	Login     string   `json:"login"`
	Embedders []string `json:"embedders"`
	Bodies    bool     `json:"bodies"`
	MaxBody   int      `json:"maxBody"`
}

// gate is a gateway as the SDK wants it.
type gate struct {
	Protocol string `json:"protocol"`
	Host     string `json:"host"`
	Port     int    `json:"port,omitempty"`
	Login    string `json:"path_params_login,omitempty"`
	API      string `json:"path_params_api,omitempty"`
}

func writeSettings(c Config, h hosts) ([]byte, error) {
	is := settings{ClientID: c.ClientID, Domain: h.domain, Login: h.login, Embedders: h.embedders, Bodies: c.Heard != nil, MaxBody: maxBody}
	if h.domain == "" {
		u, err := url.Parse(h.api)
		if err != nil {
			return nil, fmt.Errorf("clientapp: %w", err)
		}
		is.Gateway = &gate{Protocol: u.Scheme, Host: u.Hostname(), Login: u.Path, API: u.Path}
		if u.Port() != "" {
			if is.Gateway.Port, err = strconv.Atoi(u.Port()); err != nil {
				return nil, fmt.Errorf("clientapp: %w", err)
			}
		}
	}
	return json.Marshal(is)
}
