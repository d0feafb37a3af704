package clientapp

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed page
var page embed.FS

// asset is a file that the browser may keep as long as it asks whether it has
// changed.
type asset struct {
	kind          string
	plain, zipped []byte
	tag           string
}

// kinds are the types of the files, whatever the machine thinks they are.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json; charset=utf-8",
}

func newAsset(name string, content []byte) (asset, error) {
	var zipped bytes.Buffer
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return asset{}, fmt.Errorf("clientapp: %s: %w", name, err)
	}
	digest := sha256.Sum256(content)
	return asset{kinds[path.Ext(name)], content, zipped.Bytes(), `"` + base64.RawURLEncoding.EncodeToString(digest[:12]) + `"`}, nil
}

// ServeHTTP implements http.Handler.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	// A frame whose sandbox gives it no origin could load no module else, and say
	// nothing of what is wrong. There is nothing in the files that is secret.
	h.Set("Access-Control-Allow-Origin", "*")
	content, tag := a.plain, a.tag
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		content, tag = a.zipped, strings.TrimSuffix(tag, `"`)+`-gzip"`
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// readAssets returns everything that the page consists of, by its name below
// the prefix; the page itself has none.
func readAssets(s sdk, settings []byte) (map[string]asset, error) {
	assets := map[string]asset{}
	for name, a := range s.files {
		assets[name] = a
	}
	entries, err := page.ReadDir("page")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		content, err := page.ReadFile("page/" + e.Name())
		if err != nil {
			return nil, err
		}
		name := e.Name()
		if name == "index.html" {
			if content, err = render(content, s); err != nil {
				return nil, err
			}
			name = ""
		}
		if assets[name], err = newAsset(e.Name(), content); err != nil {
			return nil, err
		}
	}
	assets["config.json"], err = newAsset("config.json", settings)
	return assets, err
}

// render writes the addresses of the SDKs into the page.
func render(text []byte, s sdk) ([]byte, error) {
	t, err := template.New("index.html").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("clientapp: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s.tags()); err != nil {
		return nil, fmt.Errorf("clientapp: %w", err)
	}
	return b.Bytes(), nil
}
