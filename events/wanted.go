package events

// Wanted is what is derived of a conversation beside the events that every
// tracker announces.
type Wanted struct {
	// Types are of this package.
	Types
	// Failed is told when the function of a definition panics or does not return,
	// and where, and when data that it has found cannot be encoded; nil: nobody is.
	Failed func(of Type, err error, stack string)

	definitions []*definition
}

// Want returns the types alone.
func Want(types ...Type) Wanted { return Wanted{Types: TypesOf(types...)} }

// Wants returns the types of events that hooks take, and what is defined. It is
// for trackers.
func (h *Hooks) Wants() (wants Wanted) {
	for _, k := range h.hooks() {
		wants.Types |= k.takes
	}
	if l := h.definitions.Load(); l != nil {
		wants.definitions = *l
	}
	return wants
}
