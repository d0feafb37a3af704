package platform

import (
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

func (p *pool) take() *platformclientv2.Configuration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c
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
func newConfiguration() *platformclientv2.Configuration {
	c := &platformclientv2.Configuration{
		LoggingConfiguration: &platformclientv2.LoggingConfiguration{LogLevel: platformclientv2.LNone},
		RetryConfiguration:   &platformclientv2.RetryConfiguration{}, // no retries: who calls knows what is worth one
	}
	c.APIClient = platformclientv2.NewAPIClient(c)
	return c
}
