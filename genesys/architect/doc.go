// Package architect joins the backend with Genesys Cloud's flows, in both
// directions.
//
// From a flow to the backend: a flow, or a trigger's workflow, runs a data
// action, which posts to a [Handler]. What it says is a hint: it is stored
// before it is answered, and then the conversation is read through the API. The
// flow can get the id of a case in return.
//
//	handler, err := architect.NewHandler(architect.HandlerConfig{Sink: tracker.Observe, Secrets: secrets})
//	…
//	mux.Handle("POST /genesys/v1/updates", handler)
//
// From the backend to a flow: [Flows] runs a workflow and waits for its end.
//
//	flows, err := architect.NewFlows(architect.FlowsConfig{API: client, Memory: tracker})
//	…
//	done, err := flows.Run(ctx, architect.Launch{FlowID: id, Key: e.ID, Input: map[string]any{"Flow.conversationId": c.ID}})
//
// The data action, the workflows and the triggers that belong to it are written
// by genesys/setup.
package architect
