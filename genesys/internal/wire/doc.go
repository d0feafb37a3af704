// Package wire holds plain structs for the JSON that Genesys Cloud sends, with
// the fields that convtrack reads and no others, and the rules by which odd
// JSON is accepted, made safe or refused. Nothing of it leaks from package
// genesys.
//
// The official SDK's models are not used: decoding through them takes some
// twenty times as long and drops what is newer than the SDK.
package wire
