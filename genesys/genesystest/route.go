package genesystest

import (
	"net/http"
	"strings"
)

// routes are the endpoints (protocol 8.6).
func (s *Server) routes() {
	s.mux.HandleFunc("GET /oauth/authorize", s.logged("/oauth/authorize", s.authorize))
	s.mux.HandleFunc("POST /oauth/authorize", s.logged("/oauth/authorize", s.authorize))
	s.mux.HandleFunc("OPTIONS /", s.logged("preflight", s.preflight))
	s.mux.HandleFunc("POST /oauth/token", s.logged("/oauth/token", func(w http.ResponseWriter, r *http.Request) int {
		a := s.login(r)
		a.write(w, s.dice.uuid())
		return a.status
	}))
	s.mux.HandleFunc("GET /channels/{id}", s.connect)
	s.routesOfDesktop()
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.logged(r.URL.Path, func(w http.ResponseWriter, _ *http.Request) int {
			a := notFound("resource")
			a.write(w, s.dice.uuid())
			return a.status
		})(w, r)
	})
	for pattern, e := range map[string]endpoint{
		"GET /api/v2/tokens/me":         s.tokensMe,
		"GET /api/v2/organizations/me":  s.organizationsMe,
		"GET /api/v2/users/me":          s.usersMe,
		"GET /api/v2/routing/queues/me": s.notAUser,

		"POST /api/v2/notifications/channels":                      s.createChannel,
		"GET /api/v2/notifications/channels":                       s.listChannels,
		"HEAD /api/v2/notifications/channels/{id}":                 s.headChannel,
		"GET /api/v2/notifications/channels/{id}/subscriptions":    s.getSubscriptions,
		"POST /api/v2/notifications/channels/{id}/subscriptions":   s.addSubscriptions,
		"PUT /api/v2/notifications/channels/{id}/subscriptions":    s.replaceSubscriptions,
		"DELETE /api/v2/notifications/channels/{id}/subscriptions": s.deleteSubscriptions,
		"GET /api/v2/notifications/availabletopics":                s.availableTopics,

		"GET /api/v2/conversations":                                              s.listConversations,
		"GET /api/v2/conversations/{id}":                                         s.getConversation,
		"GET /api/v2/conversations/{media}/{id}":                                 s.getMediaConversation,
		"PATCH /api/v2/conversations/{id}/participants/{participant}/attributes": s.patchAttributes,
		"POST /api/v2/conversations/{id}/disconnect":                             s.disconnect,
		"GET /api/v2/analytics/conversations/{id}/details":                       s.getDetails,
		"GET /api/v2/analytics/conversations/details":                            s.getManyDetails,
		"POST /api/v2/analytics/conversations/details/query":                     s.queryDetails,
		"POST /api/v2/analytics/conversations/details/jobs":                      s.createJob,
		"GET /api/v2/analytics/conversations/details/jobs/availability":          s.jobsAvailability,
		"GET /api/v2/analytics/conversations/details/jobs/{job}":                 s.getJob,
		"GET /api/v2/analytics/conversations/details/jobs/{job}/results":         s.getJobResults,
		"DELETE /api/v2/analytics/conversations/details/jobs/{job}":              s.deleteJob,
		"GET /api/v2/quality/evaluations/query":                                  s.queryEvaluations,
		"GET /api/v2/quality/conversations/{id}/evaluations/{evaluation}":        s.getEvaluation,
		"GET /api/v2/quality/conversations/{id}/surveys":                         s.getSurveys,
		"GET /api/v2/quality/surveys/{survey}":                                   s.getSurvey,
		"GET /api/v2/users":                                                      s.listUsers,
		"GET /api/v2/users/{id}":                                                 s.getUser,
		"POST /api/v2/users/search":                                              s.searchUsers,
		"GET /api/v2/routing/queues":                                             s.listQueues,
		"GET /api/v2/routing/queues/{id}":                                        s.getQueue,
		"GET /api/v2/routing/wrapupcodes":                                        s.listWrapUpCodes,
		"GET /api/v2/routing/wrapupcodes/{id}":                                   s.getWrapUpCode,
		"POST /api/v2/flows/executions":                                          s.launchFlow,
		"GET /api/v2/flows/executions/{id}":                                      s.getFlowExecution,
		"GET /api/v2/flows/{id}":                                                 s.getFlow,
	} {
		s.handle(pattern, e)
	}
}

func (s *Server) handle(pattern string, e endpoint) {
	_, path, _ := strings.Cut(pattern, " ")
	s.mux.HandleFunc(pattern, s.logged(path, func(w http.ResponseWriter, r *http.Request) int {
		a := s.answer(w.Header(), r, e)
		a.write(w, s.dice.uuid())
		return a.status
	}))
}
