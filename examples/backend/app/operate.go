package app

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store/inspector"
)

const (
	// operatePath is the address of the operators' pages.
	operatePath = "/operate/"
	// operatorName is who has CONVTRACK_OPERATOR_PASSWORD.
	operatorName = "operator"
)

// operators lets people see the inspector. With a password the operator, from
// anywhere, may see everything and decide; without one whoever sits at this machine
// may look, and sees no personal data.
type operators struct {
	password string
	pages    *inspector.Handler
}

func newOperators(password string, tracker *convtrack.Tracker, log *slog.Logger) (o *operators, err error) {
	o = &operators{password: password}
	config := inspector.Config{Tracker: tracker, Access: o.access, Logger: log}
	if password != "" { // the same for all processes, which may have one address
		key := sha256.Sum256([]byte("convtrack operator's forms\n" + password))
		config.Key = key[:]
	}
	o.pages, err = inspector.New(config)
	return o, err
}

// ServeHTTP asks for the password, where there is one.
func (o *operators) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if o.password != "" && o.access(r).Role == inspector.NoRole {
		w.Header().Set("WWW-Authenticate", `Basic realm="convtrack", charset="UTF-8"`)
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "The user is operator, the password that of CONVTRACK_OPERATOR_PASSWORD.", http.StatusUnauthorized)
		return
	}
	http.StripPrefix(strings.TrimSuffix(operatePath, "/"), o.pages).ServeHTTP(w, r)
}

// access says what the sender of a request may see and do.
func (o *operators) access(r *http.Request) inspector.Access {
	if o.password == "" {
		if fromHere(r) && toHere(r) {
			return inspector.Access{Role: inspector.View}
		}
		return inspector.Access{}
	}
	name, password, _ := r.BasicAuth()
	given, want := sha256.Sum256([]byte(name+"\n"+password)), sha256.Sum256([]byte(operatorName+"\n"+o.password))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return inspector.Access{}
	}
	return inspector.Access{Role: inspector.Decide, Actor: operatorName, Personal: true}
}

// toHere reports whether the browser asked this machine by one of its own names:
// a page of somebody else can have its own name lead here.
func toHere(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
}
