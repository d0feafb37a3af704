package app

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// sqsConfig is a queue, and how to reach it.
type sqsConfig struct {
	url    string
	client *sqs.Client
}

// readSQS reads the variables of AWS's own, as every program on its SDK does:
// keys, profiles, and the roles of instances, tasks and pods. Nothing is asked
// before the queue is read.
func readSQS(env func(string) string) (*sqsConfig, error) {
	url := env("CONVTRACK_SQS_QUEUE_URL")
	if url == "" {
		return nil, nil //nolint:nilnil // it is off
	}
	if err := absoluteURL("CONVTRACK_SQS_QUEUE_URL", url); err != nil {
		return nil, err
	}
	c, err := config.LoadDefaultConfig(context.Background())
	switch {
	case err != nil:
		return nil, &usageError{"AWS's variables and profiles", fmt.Errorf("they are not understood: %w", err)}
	case c.Region == "":
		return nil, wrongUsage("AWS_REGION", "it is not set, and no profile has one; it is the region of the queue, as in eu-central-1")
	}
	return &sqsConfig{url, sqs.NewFromConfig(c)}, nil
}
