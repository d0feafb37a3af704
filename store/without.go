package store

import "context"

type withoutKey struct{}

// WithoutTransaction returns a context for code of the host that runs in no
// transaction of the store: asked is called when it asks for one all the same. It
// is for trackers. Where a store lends a transaction to a hook, that is found
// first.
func WithoutTransaction(ctx context.Context, asked func()) context.Context {
	return context.WithValue(ctx, withoutKey{}, asked)
}

// AskedForTransaction says that code of the host has asked for the transaction of a
// store, and that ctx has none. It is for stores.
func AskedForTransaction(ctx context.Context) {
	if asked, ok := ctx.Value(withoutKey{}).(func()); ok {
		asked()
	}
}
