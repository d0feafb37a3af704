// Postgres measures, on one PostgreSQL and in one run, how many events a second
// the tracker makes durable, beside what somebody would use or write instead:
// GORM, pgx by hand, Watermill, River, and the limits that pgbench and COPY
// show.
//
//	go run ./postgres                  # everything, on a private server
//	go run ./postgres -quick           # does it work? the figures mean nothing
//	go run ./postgres -tables ratios -rounds 9 -seconds 2
//	go run ./postgres -tables ratios -variants tracker,store -cpuprofile cpu.out
//
// All variants of a table take turns, round by round, so that whatever else
// the machine does weighs on all of them: the ratios mean something, the rates
// only beside each other. README.md says what each variant does and leaves out.
//
// Progress goes to stderr, the tables go to stdout as Markdown.
package main
