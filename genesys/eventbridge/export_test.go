package eventbridge

import "time"

// AnswerWithin changes when a call is answered at the latest: a busy machine needs
// more than those who call wait for.
func (c *HandlerConfig) AnswerWithin(d time.Duration) { c.answerWithin = d }
