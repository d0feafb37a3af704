package remote

import (
	"context"
	"fmt"

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
	return &Queue{url, sqs.NewFromConfig(c)}, nil
}
