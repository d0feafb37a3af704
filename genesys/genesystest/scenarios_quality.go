package genesystest

import (
	"slices"
	"strings"
	"time"
)

const day = 24 * time.Hour

// judgedCall is an answered call about which nothing is special but how it is
// judged afterwards.
func judgedCall(id, name, section string, judged []string, judge func(*Story)) Scenario {
	return Scenario{Name: name, Section: section, Added: 4, Want: []string{"created", "connected user-a", "ended"}, Judged: judged,
		Further: append([]string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"}, announced(judged)...),
		Story: func() *Story {
			s, customer, a := answered(id, "voice", "")
			customer.Ends(sec(100), "endpoint")
			a.Ends(sec(100.01), "peer").WrapUp(sec(120), "w-1")
			judge(s)
			return s
		}}
}

// announced is what is announced of surveys and evaluations that have come to
// this: those that are finished, and released.
func announced(judged []string) (said []string) {
	for _, words := range judged {
		switch w := strings.Fields(words); {
		case w[0] == "evaluation" && slices.Contains(w, "released"), w[0] == "survey" && w[2] == "Finished":
			said = append(said, w[0]+" "+w[1])
		}
	}
	return said
}

func judging() []Scenario {
	return []Scenario{
		judgedCall("c-evaluated-late", "evaluated after thirteen days", "6.6, C18, C21", []string{"evaluation ev-1 Finished released 84.21/0"}, func(s *Story) {
			e := s.Evaluation("ev-1", "user-a", "judge", "q-1", 20*time.Minute)
			e.Started = 12 * day
			e.Finish(320*time.Hour, 84.21, 0).Read = 15 * day
		}),
		judgedCall("c-reopened-evaluation", "evaluation reopened and scored again", "6.6, C20", []string{"evaluation ev-1 Finished released rescored 60/50"}, func(s *Story) {
			s.Evaluation("ev-1", "user-a", "judge", "q-1", time.Hour).Finish(9*day, 80, 100).Reopen(11*day).Again(12*day, 60, 50)
		}),
		judgedCall("c-reopened-for-good", "evaluation reopened before its scheduled release", "6.6, C20", []string{"evaluation ev-1 InProgress"}, func(s *Story) {
			s.Evaluation("ev-1", "user-a", "judge", "q-1", time.Hour).Finish(9*day, 80, 100).Reopen(11 * day).Released = 50 * day
		}),
		judgedCall("c-scheduled-release", "release scheduled for six weeks later", "6.6, C20", []string{"evaluation ev-1 Finished released 79.6/100"}, func(s *Story) {
			s.Evaluation("ev-1", "user-a", "judge", "q-1", time.Hour).Finish(2*day, 79.6, 100).Released = 44 * day
		}),
		judgedCall("c-deleted-evaluation", "pending evaluation deleted", "6.6, C20", []string{"evaluation ev-1 Pending deleted"}, func(s *Story) {
			s.Evaluation("ev-1", "user-a", "judge", "q-1", time.Hour).Deleted = 3 * day
		}),
		judgedCall("c-calibrated", "calibration, and two evaluations by one form", "6.6, C20",
			[]string{"evaluation ev-1 Finished released 90/100", "evaluation ev-2 Finished 70.5/100", "evaluation ev-3 Finished 81/100"}, func(s *Story) {
				s.Evaluation("ev-1", "user-a", "judge", "q-1", time.Hour).Finish(day, 90, 100)
				s.Evaluation("ev-2", "user-a", "user-a", "q-1", 2*time.Hour).Finish(2*day, 70.5, 100).Released = Never
				e := s.Evaluation("ev-3", "user-a", "judge-2", "", 3*time.Hour).Finish(3*day, 81, 100)
				e.Calibration, e.Released = "calibration-1", Never
			}),
		judgedCall("c-expired-survey", "web survey expires after three months", "6.6, C18", []string{"survey sv-1 Expired"}, func(s *Story) {
			s.Survey("sv-1", "user-a", "q-1", 72*time.Hour+6*time.Second).Expired = 90 * day
		}),
		judgedCall("c-voice-survey", "voice survey before the end, web survey that fails", "6.6, C19", []string{"survey sv-1 Finished partial 79.6", "survey sv-2 Error survey.invite.failed"},
			func(s *Story) {
				v := s.Survey("sv-1", "user-a", "q-1", sec(100)).Complete(sec(110), 79.6, 1)
				v.Type, v.Lag, v.LacksRequired = "Voice", sec(11.5), true
				s.Survey("sv-2", "", "", sec(121)).Fail(sec(121), "survey.invite.failed")
			}),
	}
}
