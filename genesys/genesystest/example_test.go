package genesystest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// A program plays a story and reads what has become of it. A test uses
// NewServer in place of Start.
func ExampleServer_Play() {
	server, err := genesystest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	playing := server.Play(genesystest.BlindTransferToQueue(), genesystest.Speed(1000))
	if err := playing.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	body, err := server.API().Call(ctx, genesys.Request{Path: "/api/v2/analytics/conversations/" + playing.ID() + "/details"})
	if err != nil {
		log.Fatal(err)
	}
	message, err := genesys.Decode(body, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	for _, participant := range message.Conversations[0].Participants {
		fmt.Printf("%s %q\n", participant.Purpose, participant.UserID)
	}
	// Output:
	// customer ""
	// ivr ""
	// acd ""
	// agent "user-a"
	// acd ""
	// agent "user-b"
}
