// Package genesys decodes what Genesys Cloud sends into partial conversations,
// and holds what all its adapters share: regions and errors.
//
// # Messages
//
// [Decode] recognises a message by its shape, whichever way it came:
//
//   - a notification: the frame of a WebSocket, with a topic of users or queues
//     (also a combined one), of one medium, of detail events, metrics or
//     evaluations, of the channel itself; or the bare body of a conversation topic
//   - an EventBridge envelope; also one whose detail is only the body of the topic
//     that its detail-type names
//   - what carries envelopes on AWS: SQS messages and answers, SNS notifications,
//     records of Kinesis and Firehose (base64, any number of JSON values), the
//     events of Lambda functions behind all of these, in each other too
//   - an analytics conversation, a page of a details query or job, a metric record
//   - a conversation of the live API in its nested or media-specific form, listings
//   - an evaluation, a survey, lists of them
//   - an array of any of these, or a text that holds one
//
// Each becomes a partial [conversation.Conversation] that holds just what the
// message states, stamped with its source and time. Topics that say nothing
// about conversations are passed over, known or not; what looks like a
// conversation is one, whatever its topic.
//
// Comments cite the facts they rest on as "protocol 7.5": sections of
// PROTOCOL.md in this folder. Names of fields and topics were checked against the official SDK v150 and,
// for newer values, the Python SDK 257; fields that are not known are passed
// over, values of enums that are not known are kept.
//
// # Odd data
//
// Real messages hold null, {} and [] where nothing is meant, times with any
// number of fraction digits or as epoch milliseconds, numbers beyond 32 bits,
// names where ids are expected, text that is not UTF-8, and NUL. All of this
// is decoded or made safe. What cannot be understood (a date with one-digit
// days, a name that occurs twice in an object, an unknown shape) is refused
// with a [DecodeError] that names the place and never quotes a value but the
// conversation's id. Where only a part of a message is concerned (a session
// without an id, one conversation of a page), the rest is decoded all the same;
// nothing that says something is dropped without being named or, behind the first
// 20 refusals of a message, counted.
package genesys
