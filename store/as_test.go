package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

type limited struct{ store.Store }

func (limited) Transactions() int { return 7 }

type wrapper struct{ store.Store }

func (w wrapper) Unwrap() store.Store { return w.Store }

type closed struct{ store.Store }

func TestAStoreThatIsWrappedIsAbleToDoWhatItWas(t *testing.T) {
	l, ok := store.As[store.Limited](wrapper{wrapper{limited{}}})
	require.True(t, ok)
	require.Equal(t, 7, l.Transactions())
	for _, s := range []store.Store{nil, closed{limited{}}, wrapper{}} {
		_, ok = store.As[store.Limited](s)
		require.False(t, ok)
	}
}
