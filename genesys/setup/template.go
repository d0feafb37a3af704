package setup

import (
	"bytes"
	"embed"
	"encoding/json"
	"strings"
	"text/template"
)

//go:embed templates
var templateFiles embed.FS

// parseTemplates parses the templates. Their delimiters are [[ ]], as Genesys and
// Archy use {{ }}.
func parseTemplates() *template.Template {
	return template.Must(template.New("").Delims("[[", "]]").Funcs(template.FuncMap{
		"yaml": quoteJSON, // a JSON string is one of YAML
		"hcl":  quoteHCL,
		"code": func(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" },
		"cell": func(s string) string { return strings.ReplaceAll(s, "|", `\|`) },
	}).ParseFS(templateFiles, "templates/*"))
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
