package sqlitestore

// ReadsNoFew has listings look at one conversation after the other, whatever is
// asked for.
func (s *Store) ReadsNoFew() { s.mostFew = 0 }
