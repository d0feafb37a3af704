// Package inbox passes on what a process hears of conversations that another one
// looks after.
//
// A queue or an endpoint hands a message to whichever process is free. To load
// the conversation there, and to commit against the process that has it in
// memory, would cost several times as much as at home. Instead the process
// packs what it heard for each owner into a compressed bundle, all that came
// meanwhile, and deposits the bundles in the store with one write; then the
// messages can be acknowledged. The owner is woken and joins what is in its bundles with what it
// hears itself. A bundle of which everything is stored is used up: the next
// commit removes it, whatever that is about, or the inbox itself a little later.
//
// A process that dies leaves its inbox. When its lease has ended, one of the
// others takes each of its bundles, and passes on what a third one looks after
// now. A bundle that is taken twice does no harm: what is heard twice is joined
// once. The same goes for a message that several processes hear: it is in the
// bundle of each, and the copies change nothing.
//
// When the sources of a process have come to their end, Drain takes what lies there
// still, before the process leaves.
//
// A hint is an entry, too, one for each conversation and process however many
// came: it says that something has happened, not what. Whoever looks after the
// conversation has a source read it within a second, once for all hints that
// came before the read began, and then removes those. What comes after that waits
// for the next read, which begins a second after the one before.
//
// When conversations are forgotten, what was heard of them is struck out of all
// bundles, and a notice tells each process to let go of what it has in memory.
package inbox
