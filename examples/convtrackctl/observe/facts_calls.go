package observe

// callFacts are about transfers, conferences and after-call work.
func callFacts() []Fact {
	return []Fact{
		{"voice-transfer-command", "7.4", "`recentTransfers` holds commands, which are only attempts. (D; the form for voice U)", "a blind transfer of a call stands in recentTransfers", voiceTransferCommand},
		{"merge-ends", "7.7", "a merge ends the legs of one conversation with `transfer.conference`. (S fields, sequence U)", "the legs of a conversation that is merged into another one end with conferenceTransfer", mergeEnds},
		{"wrap-up-outside-acd", "7.12", "other legs are taken to owe none (U).", "a leg in a conversation without a queue owes no after-call work", wrapUpOutsideACD},
	}
}

func voiceTransferCommand(t *tally) detector {
	transferred, listed := map[string]bool{}, map[string]bool{} // by conversation
	return detector{
		see: func(s *observation) {
			if s.by != Snapshots && s.by != Live {
				return
			}
			listed[s.conversation] = listed[s.conversation] || s.body.objects("recentTransfers") != nil
			for _, p := range s.body.objects("participants") {
				if purpose := p.text("purpose"); purpose != "agent" && purpose != "user" || p.text("consultParticipantId") != "" {
					continue
				}
				for _, call := range p.objects("calls") {
					if call.text("disconnectType") == "transfer" && !call.time("connectedTime").IsZero() {
						transferred[s.conversation] = true
					}
				}
			}
		},
		end: func(*Observer) {
			for id := range transferred {
				t.conversation = id
				t.say(id, listed[id])
			}
		},
	}
}

func mergeEnds(t *tally) detector {
	return detector{see: func(s *observation) {
		eachSession(s, func(_, session object) {
			for _, g := range session.objects("segments") {
				if g.text("destinationConversationId") != "" && g.text("disconnectType") != "" {
					t.say(session.text("sessionId"), g.text("disconnectType") == "conferenceTransfer")
				}
			}
		})
	}}
}

func wrapUpOutsideACD(t *tally) detector {
	return detector{see: func(s *observation) {
		queued := false
		eachSession(s, func(p, session object) {
			queued = queued || p.text("purpose") == "acd"
			for _, g := range session.objects("segments") {
				queued = queued || g.text("queueId") != ""
			}
		})
		if queued {
			return
		}
		eachSession(s, func(p, session object) {
			if purpose := p.text("purpose"); purpose != "agent" && purpose != "user" {
				return
			}
			talked, worked := false, false
			for _, g := range session.objects("segments") {
				talked = talked || g.text("segmentType") == "interact" && !g.time("segmentEnd").IsZero()
				worked = worked || g.text("segmentType") == "wrapup"
			}
			if worked || talked && !s.body.time("conversationEnd").IsZero() {
				t.say(session.text("sessionId"), !worked)
			}
		})
	}}
}
