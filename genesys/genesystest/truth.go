package genesystest

// Truth is what really happened in a conversation, whatever was lost on the
// way.
type Truth struct {
	// Story is a copy with its real times.
	Story *Story
	// Record is the analytics record after everything in the story, as JSON.
	Record []byte
	// Over is whether everything in the story has been played.
	Over bool
}

// Truth returns what happens in the conversations that were ever played, in the
// order in which they began. Of conversations that still play it tells the
// future. Conversations that are forgotten (see [Keep]) are missing.
func (s *Server) Truth() []Truth {
	var all []Truth
	for _, p := range s.stage.all() {
		story := p.Story()
		all = append(all, Truth{Story: story, Record: encode(story.Record(Final)), Over: p.idle()})
	}
	return all
}
