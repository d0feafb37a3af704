package fauxqstest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Region is the one that the emulator's queues are in.
const Region = "eu-central-1"

// ARN returns the name that a redrive policy calls a queue by.
func ARN(queue string) string { return "arn:aws:sqs:" + Region + ":000000000000:" + queue }

// Server is an emulator that runs.
type Server struct {
	Endpoint string // for AWS_ENDPOINT_URL_SQS, or a client's BaseEndpoint; any credentials will do

	command *exec.Cmd
}

// New starts an emulator that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// program listens on a free port of the loopback interface and says which.
const program = `import { buildApp } from "fauxqs";
const app = buildApp({ logger: false, defaultRegion: process.env.REGION });
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(app.server.address().port);`

// Start starts an emulator for a program, which calls Close in the end. It ends
// with ctx, too. Where the emulator is not installed npm does that.
func Start(ctx context.Context) (*Server, error) {
	folder, err := install(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{command: exec.CommandContext(ctx, "node", "--input-type=module", "-e", program)}
	s.command.Dir, s.command.Env, s.command.Stderr = folder, append(os.Environ(), "REGION="+Region), os.Stderr
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("fauxqstest: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Close()
		return nil, errors.New("fauxqstest: fauxqs does not start; it says why on stderr")
	}
	s.Endpoint = "http://127.0.0.1:" + strings.TrimSpace(line)
	return s, nil
}

// PID is the emulator's process.
func (s *Server) PID() int { return s.command.Process.Pid }

// Close ends the emulator.
func (s *Server) Close() {
	_ = s.command.Process.Kill() // it may have ended
	_ = s.command.Wait()
}
