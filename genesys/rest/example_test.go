package rest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// A client that lists the queues of an organisation, here a simulated one; for
// a real one set Region in place of BaseURL.
func ExampleNew() {
	server, err := genesystest.Start(genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "Service"}))
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	config := rest.Config{BaseURL: server.URL()}
	config.ClientID, config.ClientSecret = server.Credentials()
	client, err := rest.New(config)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for queue, err := range client.Queues(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(queue.ID, queue.Name)
	}
	// Output: q-1 Service
}
