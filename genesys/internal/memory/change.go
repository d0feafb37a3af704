// Package memory is how sources change the values that they keep in the store,
// which other processes change at the same time.
package memory

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Values keeps a few bytes under a name. The version is 0 when there is nothing;
// SetValue fails when it is not the given one any more.
type Values interface {
	Value(ctx context.Context, name string) (value []byte, version int64, err error)
	SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error)
}

// Change changes a value, as often as others forestall it, until ctx ends. do
// gets the value, which is empty when there is none, and returns the new one; nil
// when there is nothing to write.
func Change(ctx context.Context, values Values, name string, do func(value []byte) ([]byte, error)) error {
	growing := pause.Growing(5*time.Millisecond, 200*time.Millisecond)
	for {
		value, version, err := values.Value(ctx, name)
		if err != nil {
			return err
		}
		value, err = do(value)
		if err != nil || value == nil {
			return err
		}
		if _, err = values.SetValue(ctx, name, value, version); err == nil {
			return nil
		}
		if _, is, e := values.Value(ctx, name); e != nil || is == version {
			return err // it is no race that was lost
		}
		if !pause.Sleep(ctx, growing.NextBackOff()) {
			return ctx.Err()
		}
	}
}
