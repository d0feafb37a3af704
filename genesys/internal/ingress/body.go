package ingress

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// refuseContent says what is wrong with what a call says that it sends; nil:
// nothing.
func refuseContent(header http.Header) *Reply {
	for _, encoding := range header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
			return refuseEarly(http.StatusUnsupportedMediaType, "the body must not be compressed")
		}
	}
	for _, value := range header.Values("Content-Type") {
		kind, parameters, err := mime.ParseMediaType(value)
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return refuseEarly(http.StatusUnsupportedMediaType, "the Content-Type must be application/json")
		}
		if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			return refuseEarly(http.StatusUnsupportedMediaType, "the charset of the body must be UTF-8")
		}
	}
	return nil
}

var errTooLarge = errors.New("too large")

// readBody reads a body of up to most bytes. length is what the caller says that
// it has; -1: nothing.
func readBody(from io.Reader, length, most int64) ([]byte, error) {
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(length) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(from, most+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > most {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}
