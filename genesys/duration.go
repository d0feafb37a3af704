package genesys

import "github.com/dcmkit/convtrack/genesys/internal/wire"

// mostMs is ten years, as in package conversation: a longer duration is a mistake, as a negative one is, and
// states nothing.
const mostMs = 10 * 366 * 24 * 60 * 60 * 1000

// milliseconds is a duration that is written in milliseconds.
func milliseconds(n wire.Int) int64 { return upTo(mostMs, n) }

// seconds is a duration that is written in seconds.
func seconds(n wire.Int) int64 { return upTo(mostMs/1000, n) }

func upTo(most, n wire.Int) int64 {
	if n < 0 || n > most {
		return 0
	}
	return int64(n)
}
