// Package genesys decodes what Genesys Cloud sends into partial conversations,
// and holds what all its adapters share: regions and errors.
//
// # Messages
//
// [Decode] recognises a message by its shape, whichever way it came: a
// WebSocket frame, an EventBridge envelope (bare, in an SQS body, wrapped by
// SNS), an analytics conversation or a page of them, a conversation of the
// live API in its nested or media-specific form, evaluations, surveys. Each
// becomes a partial [conversation.Conversation] that holds just what the
// message states, stamped with its source and time.
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
// with a [DecodeError] that names the place and never quotes a value.
package genesys
