package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// input is the source of a replay: the messages of the files. It implements
// convtrack.Source.
type input struct {
	*options
	stdin   io.Reader
	stderr  io.Writer
	values  int // that were read
	refused int
	settle  func(context.Context) error
}

// String names the source in errors.
func (in *input) String() string { return "input" }

// Run observes everything that is in the files and settles: nothing will follow. It
// does not wait for a read of stdin when ctx ends.
func (in *input) Run(ctx context.Context, sink conversation.Sink) error {
	ended := make(chan error, 1)
	go func() { ended <- in.observe(ctx, sink) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// observe observes what is in the files, in the order that was asked for.
func (in *input) observe(ctx context.Context, sink conversation.Sink) error {
	say := func(said []*conversation.Conversation) error {
		return sink(ctx, conversation.Update{Conversations: said})
	}
	if in.shuffle == nil && in.repeat == 1 {
		if err := in.read(ctx, say); err != nil {
			return err
		}
		return in.settle(ctx)
	}
	var messages [][]*conversation.Conversation
	err := in.read(ctx, func(said []*conversation.Conversation) error {
		for range in.repeat {
			messages = append(messages, said)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if in.shuffle != nil {
		rnd := rand.New(rand.NewPCG(uint64(*in.shuffle), 0)) //nolint:gosec // a seed, any will do
		rnd.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	}
	for _, said := range messages {
		if err := say(said); err != nil {
			return err
		}
	}
	return in.settle(ctx)
}

// read decodes the files one after the other.
func (in *input) read(ctx context.Context, say func([]*conversation.Conversation) error) error {
	if len(in.files) == 0 {
		return in.readFrom(ctx, "stdin", in.stdin, say)
	}
	for _, name := range in.files {
		f, err := os.Open(name)
		if err != nil {
			in.refuse(fmt.Sprintf("%s: %v", name, errors.Unwrap(err)))
			continue
		}
		err = in.readFrom(ctx, name, f, say)
		_ = f.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// mostBytes is the size of the largest value that is read.
const mostBytes = 1 << 30

func (in *input) readFrom(ctx context.Context, name string, r io.Reader, say func([]*conversation.Conversation) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), mostBytes)
	cut := &splitter{}
	scanner.Split(cut.split)
	n := 0
	for scanner.Scan() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		if cut.again {
			continue // it is of the text that was cut, which has been named
		}
		in.values++
		message, err := genesys.DecodeNth(scanner.Bytes(), in.values)
		for _, refusal := range genesys.Refusals(err) {
			in.refuse(fmt.Sprintf("%s:value %d: %v", name, n, refusal))
		}
		if len(message.Conversations) > 0 {
			if err := say(message.Conversations); err != nil {
				return err
			}
		}
	}
	switch err := scanner.Err(); {
	case err != nil:
		in.refuse(fmt.Sprintf("%s: after value %d: %v", name, n, err))
	case n == 0:
		fmt.Fprintln(in.stderr, name+": there is no message in it")
	}
	return nil
}

func (in *input) refuse(reason string) {
	in.refused++
	fmt.Fprintln(in.stderr, reason)
}
