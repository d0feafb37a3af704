package eventbridge

import (
	"fmt"
	"strings"
)

// CallError says which call of SQS failed, why, and what to do about it.
type CallError struct {
	Queue string // its name
	Call  string // ReceiveMessage …
	// Code is SQS's, without what the protocols put before it; empty when there
	// was no answer.
	Code string
	// Advice says what to do; empty when the cause passes by itself.
	Advice string
	Err    error
}

// Error implements error.
func (e *CallError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of queue %s", e.Call, e.Queue)
	if e.Code != "" {
		fmt.Fprintf(&b, ": %s", e.Code)
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, ": %s", e.Advice)
	} else {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// Permanent reports whether somebody must do something before the call can
// succeed.
func (e *CallError) Permanent() bool { return e.Advice != "" }

// MissingPermissions returns the right that is missing, as in "sqs:ReceiveMessage";
// nil when it is something else that is wrong.
func (e *CallError) MissingPermissions() []string {
	switch {
	case deniedCode(e.Code):
		return []string{action(e.Call)}
	case e.Advice != "" && strings.HasPrefix(e.Code, "Kms"):
		return []string{"kms:Decrypt"}
	}
	return nil
}

// deniedCode reports whether a code says that only a right is missing.
func deniedCode(code string) bool {
	return strings.HasPrefix(code, "AccessDenied") || code == "UnauthorizedOperation" || code == "AuthorizationError"
}

// NewCallError returns the error for a call that SQS answered with a code, in
// any of its spellings.
func NewCallError(queue, call, code string, err error) *CallError {
	e := &CallError{Queue: queue, Call: call, Code: plainCode(code), Err: err}
	e.Advice = advice(e.Code, call, queue)
	return e
}

// plainCode returns the code without the name of a service: SQS says
// QueueDoesNotExist in one protocol, AWS.SimpleQueueService.NonExistentQueue in
// the other, and SDKs give either.
func plainCode(code string) string {
	code, _, _ = strings.Cut(code, ";")
	if i := strings.LastIndexAny(code, "#."); i >= 0 {
		if strings.HasPrefix(strings.ToUpper(code), "KMS") {
			return "Kms" + code[i+1:]
		}
		code = code[i+1:]
	}
	return code
}

// advice says what to do about a code; empty: nothing, the cause passes by
// itself.
func advice(code, call, queue string) string {
	code = strings.TrimSuffix(code, "Exception") // as some codes end in JSON
	switch {
	case code == "QueueDoesNotExist" || code == "NonExistentQueue" || code == "QueueDeletedRecently":
		return "there is no such queue: compare the queue's URL with the console, and the client's region with the region in that URL"
	case code == "InvalidAddress" || code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed":
		return "the queue is in another region than the client: set the client's region to that in the queue's URL"
	case strings.HasPrefix(code, "ExpiredToken") || code == "RequestExpired" || code == "TokenRefreshRequired":
		return "the credentials have expired: give the client a provider that renews them (a role of the instance, task or pod; for people: aws sso login)"
	case code == noCredentials:
		return "the client has no credentials: give it a role of the instance, task or pod, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case code == "InvalidClientTokenId" || code == "UnrecognizedClient" || code == "InvalidAccessKeyId" || code == "AuthFailure" ||
		code == "MissingAuthenticationToken" || code == "IncompleteSignature" || code == "InvalidSecurity" || code == "NotAuthorized":
		return "AWS does not know the credentials: check the access key, and that it belongs to this partition (aws, aws-cn, aws-us-gov)"
	case code == "SignatureDoesNotMatch" || code == "InvalidSignature" || code == "RequestTimeTooSkewed":
		return "AWS refuses the signature: check the secret key, the client's region and the clock of this machine"
	case code == "OptInRequired" || code == "AccountProblem":
		return "the AWS account is not enabled for SQS in this region"
	case strings.HasPrefix(code, "Kms") && code != "KmsThrottled" && code != "KmsThrottling":
		return "the key that encrypts the queue cannot be used: allow kms:Decrypt on it, and see that it is enabled"
	case deniedCode(code):
		return fmt.Sprintf("the credentials may not do that: allow %s on the queue %s in the identity's policy, and see that neither the queue's policy nor a service control policy denies it", action(call), queue)
	}
	return ""
}

// noCredentials is the code when a request could not even be signed.
const noCredentials = "NoCredentials"

// action is the right that a call needs: batch calls have none of their own.
func action(call string) string { return "sqs:" + strings.TrimSuffix(call, "Batch") }
