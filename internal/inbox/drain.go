package inbox

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
)

// lookAgain is how often Drain looks whether something is left.
const lookAgain = 20 * time.Millisecond

// Drain returns when all bundles that this process can take are taken, and what they
// have is stored, or when ctx ends. It reports false when none could be taken for as
// long as patience. The loops go on meanwhile: a look of theirs that began later than
// Drain has found nothing in the end.
func (b *Inbox) Drain(ctx context.Context, patience time.Duration) bool {
	worked, taken := time.Now(), b.Counters.Taken.Load()
	begun, looks := b.begun.Load(), b.looks.Load()
	for b.Look(); retry.Pause(ctx, lookAgain); b.Look() {
		if b.looks.Load() >= looks+2 { // one of them may have begun before
			if b.begun.Load() == begun && b.open.Load() == 0 {
				return true
			}
			begun, looks = b.begun.Load(), b.looks.Load()
		}
		if now := b.Counters.Taken.Load(); now != taken {
			worked, taken = time.Now(), now
		}
		if time.Since(worked) > patience {
			return false
		}
	}
	return true
}
