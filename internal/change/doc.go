// Package change works out what becomes of a conversation: from its record and
// from what was heard of it follow the next version, the events to announce and
// the conclusions that wait. It is pure: it asks no store, no clock and no
// hook, and starts no goroutine; what it needs to know is in its parameters.
//
// [Work] gives the [Plan] of a change. Whoever commits it runs the Before hooks
// of its events, says what they did with [Plan.SetAttributes] and [Plan.Veto],
// and completes it with [Plan.Log].
//
// Why an event is announced late is in conclude.go: its conclusion settles first, or
// its time has not come. Why it is not announced at all is in history.go: it had
// happened before a hook took it. What hooks have refused is in aside.go.
package change
