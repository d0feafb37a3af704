package polling

import (
	"errors"
	"net/http"

	"github.com/dcmkit/convtrack/genesys"
)

// What a failed request says: of the question that was asked, of all questions, or
// nothing that lasts.

// divisible reports whether a question that failed with err may be answered in
// smaller pieces.
func divisible(err error) bool {
	return refused(err) || failedOn(err) || errors.Is(err, genesys.ErrNotUnderstood)
}

// failedOn reports whether the platform, or a proxy before it, failed while it answered,
// or did not finish within its time or that of the client. That may pass; or the cause is
// in what was asked.
func failedOn(err error) bool {
	var e *genesys.APIError
	if !errors.As(err, &e) || ofLogin(err) || errors.Is(err, genesys.ErrRequest) {
		return false
	}
	switch e.Status {
	case 0, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// errRefused is wrapped by an error that is a refusal of the question.
var errRefused = errors.New("refused")

// refused reports whether the platform has understood a question and does not
// answer it: the same one would be refused again, but another may be answered. A
// missing permission, a refused login and a wrong address do not count, as they are
// refusals of everything.
func refused(err error) bool {
	if errors.Is(err, errRefused) {
		return true
	}
	var e *genesys.APIError
	if !errors.As(err, &e) || !e.Permanent() || ofLogin(err) || errors.Is(err, genesys.ErrRequest) {
		return false
	}
	return e.Status != http.StatusForbidden && (e.Status >= 400 || e.Status == http.StatusOK)
}

// none reports whether the answer to a question about one conversation says that there
// is nothing to read of it. A refused login says that of none, nor does a 403 that is
// not the platform's.
func none(err error) bool {
	if errors.Is(err, errNothing) {
		return true
	}
	return genesys.IsPermanent(err) && !ofLogin(err) && (genesys.IsForbidden(err) || !genesys.HasStatus(err, http.StatusForbidden))
}

// ofLogin reports whether the login host has refused the client, which says nothing
// of what was asked.
func ofLogin(err error) bool {
	var e *genesys.APIError
	return errors.Is(err, genesys.ErrCredentials) || errors.As(err, &e) && e.Path == genesys.LoginPath
}
