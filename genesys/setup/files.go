package setup

import (
	"bytes"
	"embed"
	"encoding/json"
	"sort"
	"strings"
	"text/template"
)

// A File is one of the files that are written.
type File struct {
	Path    string // with slashes, relative: "genesys/main.tf"
	Content []byte
}

// Files returns the files for a configuration: [SumsFile], then the others sorted
// by path. It does no I/O, and the same configuration gives the same bytes. The error is that of
// [Config.Validate].
func Files(c Config) ([]File, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	w := &writer{plan: newPlan(c)}
	w.genesys()
	if w.plan.Events != nil {
		w.aws()
	}
	w.template(".gitignore", "gitignore", w.plan)
	w.template("permissions.md", "permissions.md", w.plan)
	w.template("README.md", "README.md", w.plan)
	sort.Slice(w.files, func(i, j int) bool { return w.files[i].Path < w.files[j].Path })
	return append([]File{{SumsFile, sums(w.files)}}, w.files...), nil
}

type writer struct {
	plan  *plan
	files []File
}

func (w *writer) genesys() {
	p := w.plan
	w.template("genesys/main.tf", "genesys.tf", p)
	if p.Action != nil {
		w.json("genesys/"+p.ActionFile, newAction(p))
		w.template("genesys/data-action.tf", "data-action.tf", p)
		for _, t := range p.Triggers {
			w.template("genesys/flows/"+t.Slug+".yaml", "workflow.yaml", flowPlan{p, t})
			w.json("genesys/triggers/"+t.Slug+".json", newTrigger(p, t))
		}
		if len(p.Triggers) > 0 {
			w.template("genesys/triggers.tf", "triggers.tf", p)
		}
		if p.Action.Steps {
			for _, name := range []string{"inbound-call", "in-queue-call", "inbound-message"} {
				w.template("genesys/steps/"+name+".yaml", name+".yaml", p)
			}
		}
	}
	if p.Events != nil {
		w.json("genesys/integrations/eventbridge.json", eventBridgeIntegration(p))
		w.template("genesys/eventbridge.tf", "eventbridge.tf", p)
	}
	if p.App != nil {
		if p.App.Widget {
			w.json("genesys/integrations/client-app-widget.json", widgetIntegration(p))
		}
		if p.App.Standalone {
			w.json("genesys/integrations/client-app-standalone.json", standaloneIntegration(p))
		}
		w.template("genesys/client-app.tf", "client-app.tf", p)
	}
}

// flowPlan is what the template of a workflow writes.
type flowPlan struct {
	*plan
	Trigger topicPlan
}

func (w *writer) aws() {
	w.template("aws/main.tf", "aws.tf", w.plan)
	if w.plan.Events.Queue {
		w.template("aws/queue.tf", "queue.tf", w.plan)
	}
	if w.plan.Events.HTTPS {
		w.template("aws/api-destination.tf", "api-destination.tf", w.plan)
	}
	w.template("aws/cloudformation.yaml", "cloudformation.yaml", w.plan)
}

func (w *writer) add(path string, content []byte) {
	w.files = append(w.files, File{Path: path, Content: content})
}

func (w *writer) json(path string, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic(err) // our own types of strings, numbers, maps and lists
	}
	w.add(path, b.Bytes())
}

func (w *writer) template(path, name string, data any) {
	var b bytes.Buffer
	if err := parsed().ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // our own templates; the tests run all of them
	}
	w.add(path, b.Bytes())
}

//go:embed templates
var templates embed.FS

// parsed parses the templates. Their delimiters are [[ ]], as Genesys and Archy
// use {{ }}.
func parsed() *template.Template {
	return template.Must(template.New("").Delims("[[", "]]").Funcs(template.FuncMap{
		"yaml":     quoteJSON, // a JSON string is one of YAML
		"hcl":      quoteHCL,
		"code":     func(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" },
		"cell":     func(s string) string { return strings.ReplaceAll(s, "|", `\|`) },
		"policies": func(p *plan) []policy { return policies(p.Permissions) },
	}).ParseFS(templates, "templates/*"))
}

func quoteJSON(s string) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	return strings.TrimSpace(b.String()), err
}

// quoteHCL quotes a string for HCL, where ${ and %{ begin a template.
func quoteHCL(s string) (string, error) {
	quoted, err := quoteJSON(s)
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted), err
}
