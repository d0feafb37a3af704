package remote

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Queue is an SQS queue, and how to reach it.
type Queue struct {
	URL    string
	Client *sqs.Client
}

// SQS reads CONVTRACK_SQS_QUEUE_URL and the variables of AWS's own, as every
// program on its SDK does: keys, profiles, and the roles of instances, tasks and
// pods. Nothing is asked before the queue is read. Nil: it is not set.
func SQS(env func(string) string) (*Queue, error) {
	const variable = "CONVTRACK_SQS_QUEUE_URL"
	url := env(variable)
	if url == "" {
		return nil, nil //nolint:nilnil // it is off
	}
	if err := absoluteURL(variable, url); err != nil {
		return nil, err
	}
	c, err := config.LoadDefaultConfig(context.Background())
	switch {
	case err != nil:
		return nil, &Error{"AWS's variables and profiles", fmt.Errorf("they are not understood: %w", err)}
	case c.Region == "":
		return nil, wrong("AWS_REGION", "it is not set, and no profile has one; it is the region of the queue, as in eu-central-1")
	}
	client := sqs.NewFromConfig(c)
	if strings.HasPrefix(url, "http://") && client.Options().BaseEndpoint == nil {
		return nil, wrong("AWS_ENDPOINT_URL_SQS", "it is not set, so Amazon would be asked for a queue that is elsewhere: "+variable+" begins with http://; set it to the address of that SQS, as in http://127.0.0.1:4566")
	}
	return &Queue{url, client}, nil
}
