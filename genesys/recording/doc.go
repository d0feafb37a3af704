// Package recording writes down what sources hear, without personal data, so
// that it can be handed on and played again: as a test, with hooktest.Replay, or
// through anything that takes a conversation.Sink.
//
//	file, err := os.Create("heard.jsonl")
//	recorder, err := recording.New(file, key) // 16 bytes or more, kept secret
//	err = tracker.Run(ctx, recorder.Hears(socket), recorder.Hears(poller))
//	err = recorder.Err()
//
// A line is one time at which a source said something: when, and the partial
// conversations with who states what of them and when.
//
// # What is in it
//
// Everything is replaced that is not known to be harmless. Times, numbers, flags
// and the words that Genesys gives a meaning (purposes, media, states, types of
// disconnecting …) stay. All other texts become pseudonyms, made with a keyed hash
// (HMAC-SHA256): ids of conversations, participants, sessions, users, queues and
// wrap-up codes, names, subjects, notes, the names and values of attributes (but that of
// Genesys's own which marks a consult). What a source has merged before it says it is
// written as it shows, without what it hides. The same text is the same
// pseudonym everywhere, so what belonged together still does. An address becomes
// one of its kind, a number or an e-mail address, and is the same however it was
// spelled. That a number is withheld stays.
//
// With the same key the same person has the same pseudonym in every recording.
// Who has the key can find out whether somebody is in a recording, so it is to be
// kept as the data is; without it a pseudonym tells nothing. Times stay as they
// are: who knows when somebody called can find that call.
package recording
