// Package rest calls the REST API of Genesys Cloud over net/http. It does what
// genesys/platform does, without the official SDK, which takes minutes to
// compile: for those who hear over EventBridge, or run flows, and call little else.
//
//	region, err := genesys.ParseRegion("mypurecloud.de")
//	…
//	client, err := rest.New(rest.Config{Region: region, ClientID: id, ClientSecret: secret})
//	…
//	organization, err := client.Organization(ctx)
//
// A [Client] is the genesys.API that the sources take. It keeps the rate limit
// of the OAuth client, sends nothing before a Retry-After has passed, renews
// the token long before it expires, and repeats nothing but one call after
// a 401. Its errors are of type *genesys.APIError; they and the logs show
// method, path without ids, status and Genesys's code, never more.
package rest
