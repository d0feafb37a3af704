package host

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPanicOfTheHostsCodeIsLoggedByItsKindAlone(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	Call(log, "Config.OnGap", func() { panic(errors.New("Erika Mustermann called")) })
	require.Contains(t, out.String(), "in=Config.OnGap panic=*errors.errorString")
	require.Contains(t, out.String(), "host_test.go", "where it happened")
	require.NotContains(t, out.String(), "Erika")
	var none []int
	Call(log, "Config.OnGap", func() { none[len(out.String())] = 1 })
	require.Contains(t, out.String(), "index out of range", "what the runtime says quotes nobody")
}

type broken struct{ slog.Handler }

func (broken) Enabled(context.Context, slog.Level) bool  { return true }
func (broken) Handle(context.Context, slog.Record) error { panic("full") }
func (b broken) WithAttrs([]slog.Attr) slog.Handler      { return b }
func (b broken) WithGroup(string) slog.Handler           { return b }

type blind struct{ slog.Handler }

func (blind) Enabled(context.Context, slog.Level) bool { panic("blind") }
func (blind) WithAttrs([]slog.Attr) slog.Handler       { panic("blind") }
func (blind) WithGroup(string) slog.Handler            { panic("blind") }

func TestAHandlerThatPanicsHarmsNobodyWhoLogs(t *testing.T) {
	for _, h := range []slog.Handler{broken{}, blind{}} {
		l := Logger(slog.New(h))
		require.NotPanics(t, func() {
			l.Error("lost")
			l.With("source", "s").WithGroup("g").Error("lost, too")
		})
	}
}

func TestALoggerThatIsGuardedIsLeftAsItIs(t *testing.T) {
	l := Logger(nil)
	require.Same(t, l, Logger(l))
	var out bytes.Buffer
	Logger(slog.New(slog.NewTextHandler(&out, nil))).With("source", "s").Info("heard")
	require.Contains(t, out.String(), "msg=heard source=s")
}
