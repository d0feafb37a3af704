package setup

import (
	"bytes"
	"encoding/json"
	"sort"
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
			w.template("genesys/flows/"+t.Slug+".yaml", "workflow.yaml", flowPlan{p, "trigger", t})
			w.json("genesys/triggers/"+t.Slug+".json", newTrigger(p, t))
		}
		if len(p.Triggers) > 0 {
			w.template("genesys/triggers.tf", "triggers.tf", p)
		}
		if p.Action.Heartbeat {
			w.template("genesys/flows/heartbeat.yaml", "workflow.yaml", flowPlan{p, heartbeat, topicPlan{Topic: heartbeat, Slug: heartbeat}})
			w.template("genesys/heartbeat.tf", "heartbeat.tf", p)
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
	Source string
	topicPlan
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
	if err := w.plan.templates.ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // our own templates; the tests run all of them
	}
	w.add(path, b.Bytes())
}
