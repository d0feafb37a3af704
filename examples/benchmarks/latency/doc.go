// Latency measures what a user feels of the tracker, each as a multiple of one
// durable commit on the same disk in the same run:
//
//		go run ./latency            # everything; about five minutes
//		go run ./latency -quick     # does it work? the figures mean nothing
//		go run ./latency -tables frames,memory,processes
//
//	  - frames: from a frame on the socket to its After hook, at a hundred new
//	    conversations a second, on PostgreSQL and SQLite;
//	  - memory: bytes of each open conversation that is held, and goroutines;
//	  - processes: from the start of a process to its first hook, after another
//	    one was killed (kill -9) that followed ten thousand open conversations,
//	    and from SIGTERM to the end of a process under load.
//
// What is compared takes turns, round by round, so that what else the machine
// does weighs on both; a figure is the median of the rounds, with the least and
// the greatest. Progress goes to stderr, the tables go to stdout as Markdown.
// It exits with 1 when something could not be measured, or with -demand when a
// goal is missed.
package main
