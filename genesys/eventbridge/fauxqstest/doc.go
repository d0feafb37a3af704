// Package fauxqstest starts fauxqs, an emulator of Amazon SQS that nobody here
// wrote, for tests of what reads a queue. It needs Node 20 with npm.
package fauxqstest
