package eventbridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// NewQueue returns a source that reads the queue with the URL through a client of
// the AWS SDK. Nothing happens before Run. Of the client's options the retries are
// not used: the source has its own pauses, which work better when everything
// fails.
//
// The credentials need sqs:ReceiveMessage, sqs:DeleteMessage,
// sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the queue, and
// kms:Decrypt on the key when a key of the customer's encrypts it.
func NewQueue(client *sqs.Client, url string, c *QueueConfig) (*Queue, error) {
	if client == nil {
		return nil, errors.New("eventbridge: the client is nil; sqs.NewFromConfig makes one")
	}
	options := client.Options()
	if err := checkURL(url, options.Region, options.BaseEndpoint != nil); err != nil {
		return nil, err
	}
	q, err := NewQueueOn(&awsQueue{client: client, http: inMemory{options.HTTPClient}, url: url, name: queueName(url)}, url, c)
	if err == nil && options.RetryMode == aws.RetryModeAdaptive {
		q.log.Log(context.Background(), slog.LevelWarn, "the AWS client retries in adaptive mode, whose quota never refills after many failures; what else uses this client may fail until a restart. Use standard")
	}
	return q, err
}

// checkURL refuses what cannot be the URL of a queue that the client reaches.
// Elsewhere than at AWS the host says nothing.
func checkURL(queue, region string, elsewhere bool) error {
	u, err := url.Parse(queue)
	if err != nil || u.Host == "" || strings.Count(strings.Trim(u.Path, "/"), "/") < 1 {
		return errors.New("eventbridge: that is not the URL of a queue; it looks like https://sqs.eu-central-1.amazonaws.com/123456789012/events")
	}
	parts := strings.Split(u.Hostname(), ".")
	if !elsewhere && len(parts) >= 4 && parts[0] == "sqs" && strings.Contains(u.Hostname(), ".amazonaws.com") && parts[1] != region {
		return fmt.Errorf("eventbridge: the queue is in %s and the client in %q: set the client's region to that of the queue", parts[1], region)
	}
	return nil
}

// awsQueue is a queue at AWS.
type awsQueue struct {
	client    *sqs.Client
	http      sqs.HTTPClient
	url, name string
}

// once leaves trying again to the source: when everything fails, the SDK's quota
// of retries runs out and its pauses with it.
func (a *awsQueue) once(o *sqs.Options) { o.Retryer, o.HTTPClient = aws.NopRetryer{}, a.http }

// ReceiveMessage implements SQS.
func (a *awsQueue) ReceiveMessage(ctx context.Context, most int, wait, visibility time.Duration) ([]QueueMessage, error) {
	out, err := a.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &a.url, MaxNumberOfMessages: int32(most), WaitTimeSeconds: seconds(wait), VisibilityTimeout: seconds(visibility),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameSentTimestamp, types.MessageSystemAttributeNameApproximateReceiveCount,
			types.MessageSystemAttributeNameAWSTraceHeader,
		},
	}, a.once)
	if err != nil {
		return nil, a.failed("ReceiveMessage", err)
	}
	messages := make([]QueueMessage, len(out.Messages))
	for i, m := range out.Messages {
		messages[i] = QueueMessage{ID: aws.ToString(m.MessageId), Receipt: aws.ToString(m.ReceiptHandle), Body: []byte(aws.ToString(m.Body))}
		if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
			messages[i].Sent = time.UnixMilli(ms)
		}
		messages[i].Receives, _ = strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // zero: SQS did not say
		messages[i].TraceHeader = m.Attributes["AWSTraceHeader"]
	}
	return messages, nil
}

// DeleteMessageBatch implements SQS.
func (a *awsQueue) DeleteMessageBatch(ctx context.Context, receipts []string) (map[int]error, error) {
	const call = "DeleteMessageBatch"
	entries := make([]types.DeleteMessageBatchRequestEntry, len(receipts))
	for i := range receipts {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &receipts[i]}
	}
	out, err := a.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &a.url, Entries: entries}, a.once)
	if err != nil {
		return nil, a.failed(call, err)
	}
	return a.failedEntries(call, out.Failed), nil
}

// ChangeMessageVisibilityBatch implements SQS.
func (a *awsQueue) ChangeMessageVisibilityBatch(ctx context.Context, receipts []string, visibility time.Duration) (map[int]error, error) {
	const call = "ChangeMessageVisibilityBatch"
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(receipts))
	for i := range receipts {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &receipts[i], VisibilityTimeout: seconds(visibility)}
	}
	out, err := a.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &a.url, Entries: entries}, a.once)
	if err != nil {
		return nil, a.failed(call, err)
	}
	return a.failedEntries(call, out.Failed), nil
}

// GetQueueAttributes implements SQS.
func (a *awsQueue) GetQueueAttributes(ctx context.Context) (QueueAttributes, error) {
	out, err := a.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &a.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	}, a.once)
	if err != nil {
		return QueueAttributes{}, a.failed("GetQueueAttributes", err)
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(out.Attributes[name])
		return n
	}
	is := QueueAttributes{
		Visibility: time.Duration(number("VisibilityTimeout")) * time.Second, Retention: time.Duration(number("MessageRetentionPeriod")) * time.Second,
		FIFO: out.Attributes["FifoQueue"] == "true", Waiting: number("ApproximateNumberOfMessages"), InFlight: number("ApproximateNumberOfMessagesNotVisible"),
	}
	is.MaxReceives, is.Redrive = maxReceives(out.Attributes["RedrivePolicy"])
	return is, nil
}

// maxReceives reads a redrive policy, whose number may be a text.
func maxReceives(policy string) (n int, is bool) {
	var p struct {
		Target string          `json:"deadLetterTargetArn"`
		Max    json.RawMessage `json:"maxReceiveCount"`
	}
	if json.Unmarshal([]byte(policy), &p) != nil || p.Target == "" {
		return 0, false
	}
	n, _ = strconv.Atoi(strings.Trim(string(p.Max), `"`))
	return n, true
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// failed returns the error for a call.
func (a *awsQueue) failed(call string, err error) error {
	var answer smithy.APIError
	var unsigned *signer.SigningError
	code := ""
	if errors.As(err, &answer) {
		code = answer.ErrorCode()
	}
	// What failed before SQS was asked is not what SQS says: to assume a role can
	// be denied, too.
	if errors.As(err, &unsigned) || strings.Contains(err.Error(), "get identity") {
		switch {
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), passes(err):
			code = ""
		case !strings.HasPrefix(code, "ExpiredToken"):
			code = noCredentials
		}
	}
	// The clock is off, and the client has learned by how much: the next call is signed
	// with the right time.
	var skewed interface{ RetryableError() bool }
	if errors.As(err, &skewed) && skewed.RetryableError() {
		code = ""
	}
	return NewCallError(a.name, call, code, err)
}

// passes reports whether the service that gives credentials could only not be
// reached, or had no time. Where there is no role, on a laptop, nobody is reached
// either, and that does not pass.
func passes(err error) bool {
	var unsent *smithyhttp.RequestSendError
	var answer interface{ HTTPStatusCode() int }
	switch {
	case strings.Contains(err.Error(), "no EC2 IMDS role found"):
		return false
	case errors.As(err, &unsent):
		return true
	case errors.As(err, &answer) && (answer.HTTPStatusCode() == http.StatusTooManyRequests || answer.HTTPStatusCode() >= http.StatusInternalServerError):
		return true
	}
	return tooMany.IsErrorRetryable(err) == aws.TrueTernary
}

// tooMany knows the codes of too many requests; STS has the status 400 with them.
var tooMany = retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// failedEntries returns the errors of entries by their index.
func (a *awsQueue) failedEntries(call string, entries []types.BatchResultErrorEntry) map[int]error {
	failed := map[int]error{}
	for _, e := range entries {
		if i, err := strconv.Atoi(aws.ToString(e.Id)); err == nil {
			failed[i] = NewCallError(a.name, call, aws.ToString(e.Code), errors.New("SQS says so of one entry"))
		}
	}
	return failed
}
