package store

// As returns s as a [Limited], a [Local], a [Broadcaster] or a [LagReporter], or else the store that s wraps:
// a store that embeds another one keeps what that is able to do beyond the methods
// of Store by a method Unwrap() Store.
func As[T Store](s Store) (as T, ok bool) {
	for s != nil {
		if as, ok = s.(T); ok {
			return as, true
		}
		wraps, is := s.(interface{ Unwrap() Store })
		if !is {
			break
		}
		s = wraps.Unwrap()
	}
	return as, false
}
