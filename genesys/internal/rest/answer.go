package rest

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/dcmkit/convtrack/genesys"
)

// readable refuses an answer that says yes and is no answer of the API, which
// speaks JSON alone: the page of a proxy, of a login, of a firewall. That a
// document is whole, and of the kind that was asked for, shows where it is
// decoded.
func readable(method string, a Answer) error {
	body := bytes.TrimLeft(a.Body, " \t\r\n")
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		if method == http.MethodGet && a.Status != http.StatusNoContent {
			return fmt.Errorf("%w: it is empty", genesys.ErrNotUnderstood)
		}
		return nil
	case kind == "text/html" || kind == "application/xhtml+xml" || strings.HasSuffix(kind, "/xml"):
		return fmt.Errorf("%w: it is a page and not JSON; is a proxy in the way?", genesys.ErrNotUnderstood)
	case !strings.ContainsRune(`{["-0123456789tfn`, rune(body[0])):
		return fmt.Errorf("%w: it is not JSON; is a proxy in the way?", genesys.ErrNotUnderstood)
	}
	return nil
}
