package setup

// trigger is the body of POST /api/v2/processautomation/triggers.
type trigger struct {
	Name            string        `json:"name"`
	Description     string        `json:"description"`
	TopicName       string        `json:"topicName"`
	Target          triggerTarget `json:"target"`
	MatchCriteria   []struct{}    `json:"matchCriteria"` // none: every event
	EventTTLSeconds int           `json:"eventTTLSeconds"`
	Enabled         bool          `json:"enabled"`
}

type triggerTarget struct {
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	Settings targetSettings `json:"workflowTargetSettings"`
}

type targetSettings struct {
	DataFormat string `json:"dataFormat"`
}

// newTrigger composes the trigger of a topic. In the format TopLevelPrimitives
// the workflow is given the single members that it declares; in the other one,
// Json, it would hold the whole event in one variable, and a variable of more
// than 32 000 characters can fail it.
func newTrigger(p *plan, t topicPlan) trigger {
	return trigger{
		Name:        p.Name + " " + t.Slug,
		Description: "Tells " + p.Name + " that this happened to a conversation",
		TopicName:   t.Topic,
		Target: triggerTarget{
			ID:       "REPLACE-WITH-THE-ID-OF-THE-WORKFLOW",
			Type:     "Workflow",
			Settings: targetSettings{DataFormat: "TopLevelPrimitives"},
		},
		MatchCriteria:   []struct{}{},
		EventTTLSeconds: p.Action.EventTTLSeconds,
		Enabled:         true,
	}
}
