package app

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// sqsConfig is a queue, and how to reach it.
type sqsConfig struct {
	url         string
	region      string
	endpoint    string // empty: that of AWS
	credentials aws.Credentials
}

// readSQS reads the variables of AWS's own. Profiles and the roles of machines
// need the module aws-sdk-go-v2/config, which a real backend on AWS would use:
// sqs.NewFromConfig makes its client.
func readSQS(env func(string) string) (*sqsConfig, error) {
	c := &sqsConfig{
		url: env("CONVTRACK_SQS_QUEUE_URL"), region: cmp.Or(env("AWS_REGION"), env("AWS_DEFAULT_REGION")),
		endpoint: cmp.Or(env("AWS_ENDPOINT_URL_SQS"), env("AWS_ENDPOINT_URL")),
		credentials: aws.Credentials{
			AccessKeyID: env("AWS_ACCESS_KEY_ID"), SecretAccessKey: env("AWS_SECRET_ACCESS_KEY"), SessionToken: env("AWS_SESSION_TOKEN"),
			Source: "environment",
		},
	}
	if c.url == "" {
		return nil, nil //nolint:nilnil // it is off
	}
	if err := absoluteURL("CONVTRACK_SQS_QUEUE_URL", c.url); err != nil {
		return nil, err
	}
	switch {
	case c.region == "":
		return nil, wrongUsage("AWS_REGION", "it is not set; it is the region of the queue, as in eu-central-1")
	case c.credentials.AccessKeyID == "" || c.credentials.SecretAccessKey == "":
		return nil, wrongUsage("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "they are not both set; this example takes credentials from the environment alone, not from profiles or roles")
	case c.endpoint != "":
		return c, absoluteURL("AWS_ENDPOINT_URL_SQS", c.endpoint)
	}
	return c, nil
}

func (c *sqsConfig) client() *sqs.Client {
	return sqs.New(sqs.Options{Region: c.region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return c.credentials, nil
	})}, func(o *sqs.Options) {
		if c.endpoint != "" {
			o.BaseEndpoint = &c.endpoint
		}
	})
}
