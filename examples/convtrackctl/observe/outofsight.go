package observe

// Unseen is what PROTOCOL.md does not know and listening does not show.
type Unseen struct {
	Quote string // word for word
	Why   string
}

// OutOfSight are those, in the order of PROTOCOL.md.
func OutOfSight() []Unseen {
	return []Unseen{
		{"filters. (measured; the effect on the platform U)", "it is an argument of a call that no source makes"},
		{"Whether a topic that does not exist is answered so or still fails all is unknown (U)", "a listener subscribes topics that exist"},
		{"Whether plain expiry of the access token ends a channel is unknown (U)", "a token lives a day, and is replaced long before it expires"},
		{"Whether a new channel hears then is unknown (U)", "a channel that is deaf is rare, and cannot be brought about; the source logs it and counts it in Stats"},
		{"How a data action writes a value that a flow does not have, and a date and time, is not published (U)", "a data action calls the host, not a listener"},
		{"Whether a job has a limit is unknown", "a listener starts no job"},
		{"which of the changes they count is unknown", "they change weeks after the end"},
		{"Forwarding, no answer, not available and do not disturb are rules of the system. (D; details U)", "no single statement follows from it"},
		{"Whose side an e-mail record's `addressSelf` and `addressOther` mean, and what `remote` holds on the customer's leg, is unknown (U)", "who is whom can only be said by somebody who knows the addresses, which a report must not show"},
		{"then success over failure, as an outcome fails until it succeeds (U)", "two statements of one outcome that differ would have to come within the time of listening; none was ever captured"},
		{"How late a record shows the next segment of a leg is unknown (U)", "a record would have to be read in the moment between two segments"},
		{"Detail events of voice do not tell a supervisor who listens in from an agent", "that a sign is missing in all of them cannot be seen in some"},
		{"What `interactingDurationMs` contains, and whether `acw` fires without a code (3.5).", "it is said above: interacting-held and acw-without-code"},
		{"The status with which the platform refuses the socket of a channel that is gone (404 or 401)", "no channel goes while it is listened to"},
		{"Whether reading (`agentHasRead`), assigning and a release date that comes move an evaluation's `changedDate` or `eventTime`", "evaluations are read and released days after the end"},
		{"Whether a survey leaves `Error`", "surveys change days after the end"},
		{"Whether the login page can be framed, how long a code is valid, with whom the API shares its answers (CORS)", "it is seen in a browser: the client app"},
		{"Whether the CDN serves the bytes of the npm packages", "it is seen in a browser: the client app"},
		{"Whether Genesys's login cuts a window off from the page that opened it", "it is seen in a browser: the client app"},
		{"Which sessions a sent e-mail makes", "no single statement follows from it"},
	}
}
