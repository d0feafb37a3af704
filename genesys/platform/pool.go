package platform

import (
	"errors"
	"net/http"
	"reflect"
	"sync"

	"github.com/mypurecloud/platform-client-sdk-go/v150/platformclientv2"
)

// pool holds configurations of the SDK that no call uses: one configuration
// must not serve two calls at a time. How many there are is bounded by how many
// calls may be under way. The zero value is ready to use.
type pool struct {
	mu   sync.Mutex
	free []*platformclientv2.Configuration
}

func (p *pool) take() (*platformclientv2.Configuration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c, nil
	}
	return newConfiguration()
}

func (p *pool) put(c *platformclientv2.Configuration) {
	// The last call's context and answer must not live on.
	c.RetryConfiguration.RequestLogHook = nil
	c.RetryConfiguration.ResponseLogHook = nil
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, c)
}

// newConfiguration makes a configuration by hand. The SDK's constructors read
// a file through a process-wide viper, and each one sets process-wide loggers,
// which calls of other configurations read at the same time.
func newConfiguration() (*platformclientv2.Configuration, error) {
	c := &platformclientv2.Configuration{
		LoggingConfiguration: &platformclientv2.LoggingConfiguration{LogLevel: platformclientv2.LNone},
		RetryConfiguration:   &platformclientv2.RetryConfiguration{}, // no retries: who calls knows what is worth one
	}
	c.APIClient = platformclientv2.NewAPIClient(c)
	client := httpClient(c)
	if client == nil {
		return nil, errors.New("this version of the Genesys SDK is not known: it cannot be kept from following redirects with a credential; require v150.0.0")
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// httpClient returns the net/http client of a configuration; nil where there is
// none. The SDK has no access to it, and no other way to keep it from following
// redirects: net/http asks only the client, before anything of the next request
// is sent. Hooks of the SDK and of net/http/httptrace see connections, which do
// not tell hosts apart behind a proxy.
func httpClient(c *platformclientv2.Configuration) *http.Client {
	field := reflect.ValueOf(&c.APIClient).Elem()
	for _, name := range []string{"client", "HTTPClient"} {
		if field.Kind() != reflect.Struct {
			return nil
		}
		field = field.FieldByName(name)
	}
	if !field.IsValid() || field.Type() != reflect.TypeFor[*http.Client]() {
		return nil
	}
	return (*http.Client)(field.UnsafePointer())
}
