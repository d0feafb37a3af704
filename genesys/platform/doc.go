// Package platform calls the REST API of Genesys Cloud through the official
// SDK. It is the only package that imports the SDK, which takes minutes to
// compile: a program that does not call the API does not pay for it.
//
//	region, err := genesys.ParseRegion("mypurecloud.de")
//	…
//	client, err := platform.New(platform.Config{Region: region, ClientID: id, ClientSecret: secret})
//	…
//	organization, err := client.Organization(ctx)
//
// A [Client] is the genesys.API that the sources take. Its Queues and Users need
// not be called to follow them: notifications.Config.Follow has the source find
// them by itself, and follow new ones while it runs.
//
// A client keeps the rate limit of the OAuth client, sends nothing before
// a Retry-After has passed, renews the token long before it expires, and repeats
// nothing but one call after a 401. Its errors are of type *genesys.APIError; they and the logs show
// method, path without ids, status and Genesys's code, never more.
//
// # What the SDK does, and what is done about it
//
// Read and measured in SDK v150.0.0 and go-retryablehttp v0.7.0; each line has
// a test in traps_test.go.
//
//   - For 429 and 5xx (not 501) it returns no response, and an error without
//     status, body and Retry-After. Here the answer is taken from the SDK's
//     ResponseLogHook, which sees every one.
//   - It ignores errors while it reads a body: an answer that breaks off is
//     a success with half of the JSON. The hook reads the body first, to
//     a limit, and reports the error.
//   - No call takes a context. The RequestLogHook replaces the *http.Request in
//     place by one with the caller's context: the retry loop and net/http hold
//     the same pointer, so the end of the context closes the connection. What
//     stays is a limit of 16 s for each request, which cannot be changed.
//   - Calls that share a Configuration race with each other: each call writes
//     the retry settings of the shared client. Here each call under way has
//     a Configuration of its own, from a pool; one whose call failed without
//     an answer is thrown away.
//   - Its constructors read a file through a process-wide viper, the usual one
//     from the home directory, which it then watches; and each of them sets
//     process-wide loggers, which calls of other Configurations read at the
//     same time. Here Configurations are made by hand, with NewAPIClient.
//   - AutomaticTokenRefresh panics in a goroutine when the login host fails,
//     which ends the process, and spins when a token lives for less than
//     a minute. It is never set, nor is ShouldRefreshAccessToken: the token is
//     ours, and no Configuration holds it.
//   - Its functions always send parameters that are no pointers
//     (isReleased=false), join lists by commas and leave out empty values. Here
//     URLs are built by us, and sent with CallAPI.
//   - Its models drop fields that they do not know, and read a time that does
//     not end in Z as the year 1. Here bodies come back as they were sent.
//   - Its gateway settings make //api/v2 when there is a port. [Config].BaseURL
//     with a path does what they are for.
//   - It follows redirects, and a POST becomes a GET. Here a redirect is an
//     error, wherever it leads: no request with a credential follows one.
//   - Its errors hold the URL. Here only their cause is kept.
//
// The SDK makes a connection for each call, and uses the proxy of the
// environment (HTTPS_PROXY) as net/http does; both stay so.
package platform
