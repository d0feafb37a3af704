package eventbridge

import (
	"bytes"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// inMemory hands over the bodies of requests as bytes, so that net/http writes a
// request in one piece. Those of the SDK are streams. On a busy machine net/http may
// still look for the end of one when the answer comes; it can take that for a
// request that was not written, and cut the connection in the middle of the answer:
// the messages in it nobody gets before their visibility is over.
type inMemory struct{ sqs.HTTPClient }

// Do implements sqs.HTTPClient.
func (c inMemory) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return c.HTTPClient.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return c.HTTPClient.Do(r)
}
