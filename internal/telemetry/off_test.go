package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// everything is what happens on the way of a fact, with what is off.
func everything(ctx context.Context, t *Telemetry, d *store.Delivery, h *events.Header) {
	within, heard := t.Hear(ctx, 1)
	t.Stored(within, heard, errFailed)
	within, change := t.Begin(ctx, "c", nil)
	_ = change.Trace()
	_ = change.Heard()
	change.Committed(1)
	change.Failed("conflict")
	t.StoreCall(within, "commit", time.Time{}, errFailed)
	t.Commit(within, 1)
	within, run := t.BeginAfter(ctx, d)
	t.EndAfter(within, run, d, time.Time{}, errFailed)
	t.NotRun(run)
	within, run = t.BeginBefore(ctx, "hook", h)
	t.EndBefore(within, run, "hook", events.TypeConversationCreated, errFailed)
}

var errFailed = errors.New("failed")

func TestTelemetryThatIsOffAllocatesNothing(t *testing.T) {
	off, err := New(slog.New(slog.DiscardHandler), nil, nil, "memory")
	require.NoError(t, err)
	require.Nil(t, off)
	d, h := &store.Delivery{Hook: "hook", Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, &events.Header{}
	require.Zero(t, testing.AllocsPerRun(100, func() { everything(t.Context(), off, d, h) }))
	require.NoError(t, Watch(off, func(context.Context) (int, bool) { t.Error("nobody collects"); return 0, false }, nil))
}

// BenchmarkOff is all calls of what is off, on the way of one fact.
func BenchmarkOff(b *testing.B) {
	d, h := &store.Delivery{Hook: "hook"}, &events.Header{}
	b.ReportAllocs()
	for b.Loop() {
		everything(b.Context(), nil, d, h)
	}
}
