package pgstore

// Prepare lets the store prepare its statements, whatever the pool does.
func (s *Store) Prepare() { s.protocol = preparedProtocol }
