package setup_test

import (
	"errors"
	"fmt"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/setup"
)

func ExampleFiles() {
	region, err := genesys.ParseRegion("eu-central-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	files, err := setup.Files(setup.Config{
		Region:      region,
		BaseURL:     "https://dcm.example.com",
		EventBridge: &setup.EventBridge{AccountID: "123456789012", Region: "eu-central-1", Queue: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(f.Path)
	}
	// Output:
	// SHA256SUMS
	// .gitignore
	// README.md
	// aws/cloudformation.yaml
	// aws/main.tf
	// aws/queue.tf
	// genesys/eventbridge.tf
	// genesys/integrations/eventbridge.json
	// genesys/main.tf
	// permissions.md
}

func ExampleConfig_Validate() {
	err := setup.Config{BaseURL: "http://dcm.example.com", Region: genesys.Regions()[0], DataAction: &setup.DataAction{TimeoutSeconds: 60}}.Validate()
	fmt.Println(err)
	var field *setup.FieldError
	if errors.As(err, &field) {
		fmt.Println("first:", field.Field)
	}
	// Output:
	// setup: BaseURL: use an https URL with a host; Genesys and AWS call nothing else
	// setup: DataAction.TimeoutSeconds: use 1 to 10: a longer wait can starve the other flows of the organisation
	// first: BaseURL
}

func ExamplePermissions() {
	for _, p := range setup.Permissions(setup.Config{LaunchFlows: true}) {
		if p.Who == setup.Backend {
			fmt.Println(p.Name, "–", p.For)
		}
	}
	// Output:
	// conversation:communication:view – read conversations
	// analytics:conversationDetail:view – read conversations that have ended, and repair gaps
	// routing:queue:view – find the queues to follow
	// architect:flow:launch – run workflows
	// architect:flowExecution:view – read how workflows ended
}
