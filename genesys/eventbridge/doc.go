// Package eventbridge hears Genesys Cloud through Amazon EventBridge: the
// integration "Amazon EventBridge Source" puts events into a partner event bus of
// the customer's AWS account, and a rule of that bus sends them on. Three ends
// are here:
//
//   - [Queue] reads an SQS queue. It is a source, and the one to choose: while no
//     process runs, the queue keeps what happens, for up to 14 days.
//   - [Handler] is the HTTP endpoint of an API destination, for who cannot read
//     SQS. It must be reachable from the internet.
//   - [Lambda] is for a function that SQS triggers.
//
// A queue in a few lines:
//
//	cfg, err := config.LoadDefaultConfig(ctx) // of aws-sdk-go-v2
//	queue, err := eventbridge.NewQueue(sqs.NewFromConfig(cfg), queueURL, &eventbridge.QueueConfig{Tracked: tracker})
//	err = tracker.Run(ctx, queue)
//
// and an endpoint:
//
//	handler, err := eventbridge.NewHandler(tracker.Observe, eventbridge.HandlerConfig{Secrets: vault.Secrets})
//	mux.Handle("POST /genesys/v1/eventbridge", handler)
//	// behind TLS, with http.Server.ReadHeaderTimeout set
//
// # What it promises
//
// A message is deleted, and a request is answered 200, only when the sink has
// returned: its facts are stored. Everything else comes again, and a fact that
// comes again changes nothing. Messages may come twice and in any order; what
// conversation snapshots say without a time is ordered by when the envelope was
// made, not by when it came.
//
// A message that is not understood is never deleted and holds up no other: the
// queue's redrive policy takes it to the dead-letter queue, and the log names it by
// its message id. The same becomes of one that the store refuses while it takes
// others. While the store is down nothing is received, and what is held is held
// for longer, so a long outage brings nothing into the dead-letter queue.
//
// # What to click
//
// At Genesys Cloud: Admin, Integrations, add "Amazon EventBridge Source"; enter
// the AWS account id, its region and a suffix for the source's name; choose the
// topics (below); activate it. It needs integrations:integration:add, edit and
// view.
//
// At AWS, in that region and order:
//
//  1. EventBridge, Partner event sources: associate aws.partner/genesys.com/cloud/<organisation>/<suffix>
//     with an event bus. It is PENDING until then; what comes before is dropped,
//     and after two weeks the source is deleted.
//  2. SQS: create a standard queue for messages that failed, and a standard queue
//     for events: visibility timeout 60 s, retention 14 days, the first one as
//     dead-letter queue with maxReceiveCount 16 (each process that is
//     killed counts as a receive of what it held), encryption SSE-SQS. Not a FIFO
//     queue: it is refused here.
//  3. EventBridge, Rules, on that bus: match the source by its whole name, and
//     the detail-type by the prefix "v2."; target: the queue for events, as it is
//     (no input transformer), with a dead-letter queue of its own for what cannot
//     be delivered.
//  4. Let the rule write: the queue's policy allows events.amazonaws.com to
//     sqs:SendMessage under the condition that aws:SourceArn is the rule's ARN.
//  5. Let the processes read: sqs:ReceiveMessage, sqs:DeleteMessage,
//     sqs:ChangeMessageVisibility, sqs:GetQueueAttributes on the queue for events.
//
// For an API destination instead of 2 and 5: a connection with an API key (name
// X-Api-Key), Basic (the secret is the password) or OAuth (the tokens are the
// secrets), an API destination with POST to the endpoint, and that as the
// target, again with a dead-letter queue. A connection is de-authorised for good
// by one answer that its secret is wrong, so add the new secret here before it is
// changed there.
//
// # Topics
//
// Detail events alone give right events: v2.detail.events.conversation.{id}.*
// (customer.start, customer.end, acd.start, acd.end, user.start, user.end, acw,
// wrapup, attributes, flow.start, flow.end, outbound, voicemail.start,
// voicemail.end). They are some hundred bytes to some KB each. v2.users.{id}.conversations adds
// holds, the moment of the answer and names; its snapshots grow with the
// conversation, and what is too large for EventBridge (256 KB) does not come.
// v2.quality.evaluations tells of evaluations. A topic that says nothing about
// conversations is passed over; leave those out, as they cost.
//
// # What it costs
//
// AWS asks money for each event of a partner's bus, for each request to SQS (one
// for each batch of up to 10 that is received, one for each that is deleted, and
// 260 000 a month for a process that waits for 10 s at a time) and for each call
// of an API destination: all in the order of a dollar for a million; see AWS's
// page. A call with a transfer is some 20 detail events.
//
// # What it loses
//
//   - What happened while the event source was not active: before its bus was
//     associated, while it was PENDING again because the bus was deleted, while
//     the integration was off. Nobody is told. [Queue.Compare] finds out that
//     nothing comes while others hear, and announces a gap of the source's part
//     "events" (eventbridge/events).
//   - What nobody read for longer than the queue keeps messages (4 days unless it
//     is set). That is announced as a [conversation.Gap] of the part "dropped" when
//     the queue is read again, if QueueConfig.Tracked is set.
//   - What EventBridge could not deliver for 24 h and no dead-letter queue took.
//   - Events over 256 KB.
//   - Surveys: no topic tells of them.
//
// Whether Genesys delivers each event at least once is not written anywhere. Run
// package polling beside it to find what was missed and to repair gaps: with
// polling.Config.Beside set to the queue.
//
// Someone who redrives the dead-letter queue (SQS, Start DLQ redrive) does no
// harm: old messages change nothing that is known better.
//
// # Where to look
//
// [Queue] takes turns to poll (queue.go) and sees to each batch (batch.go: what
// is stored, deleted, held for longer, left alone); inspect.go says what is wrong
// with a queue, position.go up to when it is read, outage.go and silence.go when it
// is not heard. sqs.go is the only file that knows the AWS SDK; callerror.go says
// what to do about its errors.
package eventbridge
