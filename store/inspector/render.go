package inspector

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

//go:embed page
var embedded embed.FS

// file is a file that pages load.
type file struct {
	kind    string
	content []byte
}

var files = map[string]file{
	"style.css":   {"text/css; charset=utf-8", read("style.css")},
	"live.js":     {"text/javascript; charset=utf-8", read("live.js")},
	"favicon.svg": {"image/svg+xml", read("favicon.svg")},
}

func read(name string) []byte {
	content, err := embedded.ReadFile("page/" + name)
	if err != nil {
		panic("inspector: " + err.Error()) // it is compiled in
	}
	return content
}

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"at": stamped, "clock": clock, "iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"lasted": lasted, "join": func(list []conversation.MediaType) string { return strings.Join(texts(list), ", ") },
	"media": func() []string { return texts(media) }, "choices": func(of string) []string { return choices[of] },
	"lower": func(s conversation.Status) string { return strings.ToLower(string(s)) },
	"entry": newEntry, "pick": func(is, value, text string) option { return option{value, text, is == value} },
	"itemOf": func(i failedItem, token string) failedEntry { return failedEntry{i, token != ""} },
}).ParseFS(embedded, "page/*.html"))

// entry is a link to a page.
type entry struct {
	To, Text string
	Here     bool
}

func newEntry(f frame, name, to, text string) entry { return entry{to, text, f.Name == name} }

// option is a choice of a form.
type option struct {
	Value, Text string
	Is          bool
}

// failedEntry is what failed, and whether it may be decided on.
type failedEntry struct {
	Item failedItem
	May  bool
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, x := range list {
		all[i] = string(x)
	}
	return all
}

// lasted is how long something has gone on.
func lasted(from, to, now time.Time) string {
	switch {
	case from.IsZero():
		return "–"
	case to.IsZero():
		return duration(now.Sub(from)) + " so far"
	}
	return duration(to.Sub(from))
}

// frame is what stands around each page.
type frame struct {
	Name, Title string
	Viewer      viewer
	Live        string // the address of the page's stream; empty: it is not followed
	State       string // which state of the page this is, to know of the next one
	Token       string // for decisions; empty: none may be made
	Now         time.Time
	Shows       shown
}

func (h *Handler) frame(see viewer, name, title string, params url.Values, shows shown) frame {
	f := frame{Name: name, Title: title, Viewer: see, Now: time.Now(), Shows: shows}
	if _, refused := shows.(refusal); refused {
		f.Name = "refusal"
		return f
	}
	follow := url.Values{"page": {name}}
	for key, values := range params {
		if key != "page" {
			follow[key] = values
		}
	}
	f.State = digest(shows)
	f.Live = "live?" + follow.Encode()
	if see.mayDecide() && see.Actor != "" {
		f.Token = h.token(see.Actor, f.Now)
	}
	return f
}

// Template is the name of the page's template.
func (f frame) Template() string {
	if f.Name == "" {
		return "conversations"
	}
	return f.Name
}

func (h *Handler) render(w http.ResponseWriter, status int, f frame) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, f.Template(), f); err != nil {
		h.config.Logger.Error("the inspector cannot write a page", "page", f.Template(), "error", err)
		http.Error(w, "The page cannot be written. The log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who asked has gone, if it fails
}
