package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dcmkit/convtrack/examples/internal/remote"
)

func (d *diagnosis) checkQueue(ctx context.Context, q *remote.Queue) {
	if q == nil {
		d.find(finding{"queue", levelUnknown, "it was not checked, as CONVTRACK_SQS_QUEUE_URL is not set", ""})
		return
	}
	attributes, err := attributesOf(ctx, q.Client, q.URL)
	if d.failed("queue", err, "see the URL, the region, and that the role may sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility") {
		return
	}
	d.ok("queue", waiting(attributes))
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
	}
	policy := attributes[string(types.QueueAttributeNameRedrivePolicy)]
	if policy == "" || json.Unmarshal([]byte(policy), &redrive) != nil || redrive.Target == "" {
		d.find(finding{"dead-letter queue", levelProblem, "the queue has none: a message that cannot be understood comes again and again", "give it one (RedrivePolicy), as the files of genesys/setup do"})
		return
	}
	arn := strings.Split(redrive.Target, ":")
	const remedy = "see that the queue exists, and that the role may sqs:GetQueueAttributes on it"
	if len(arn) != 6 {
		d.find(finding{"dead-letter queue", levelProblem, "its ARN is not understood", remedy})
		return
	}
	// It is of the same account and region, as SQS wants it.
	dead, err := attributesOf(ctx, q.Client, q.URL[:strings.LastIndex(q.URL, "/")+1]+arn[5])
	if d.failed("dead-letter queue", err, remedy) {
		return
	}
	if n, _ := strconv.Atoi(dead[string(types.QueueAttributeNameApproximateNumberOfMessages)]); n > 0 {
		d.find(finding{"dead-letter queue", levelProblem, waiting(dead), "look at them (examples/replay names what it does not understand), then start a redrive, or purge it"})
		return
	}
	d.ok("dead-letter queue", "it is empty")
}

func attributesOf(ctx context.Context, client *sqs.Client, url string) (map[string]string, error) {
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// waiting says how many messages there are.
func waiting(attributes map[string]string) string {
	return fmt.Sprintf("%s messages wait, %s are being handled, about", attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)],
		attributes[string(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)])
}
