package genesystest

import (
	"log/slog"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// API returns a client of the server, which reaches it also when it is
// [InMemory]. All calls of API return the same client, so that they share the
// rate limit.
func (s *Server) API() genesys.API { return s.api }

func (s *Server) newAPI() (*rest.Client, error) {
	return rest.New(rest.Config{Transport: rest.HTTP(s.HTTPClient(), s.url), ClientID: s.clientID, ClientSecret: s.clientSecret,
		Logger: slog.New(slog.DiscardHandler)})
}
