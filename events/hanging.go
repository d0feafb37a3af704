package events

import (
	"bytes"
	"runtime"
	"sync"
)

// hanging are the runs that were given up and have not returned yet.
var hanging = runs{names: map[string]bool{}}

// runs are goroutines that run hooks, by their names: "goroutine 42".
type runs struct {
	mu    sync.Mutex
	names map[string]bool
}

// find returns the name and the present stack of the run that the calling
// goroutine waits for; nothing when there are too many goroutines to see. It
// stops the world for a moment. The stacks say who began each goroutine: of
// those that the caller began, only the last one is not known to hang. To give
// each run a name while it runs would cost more than to run it.
func (r *runs) find() (name, stack string) {
	run := []byte("events.(*hook).guarded(")
	begun := []byte("events.(*hook).call in " + goroutine(stacks(1<<10, false)) + "\n")
	r.mu.Lock()
	defer r.mu.Unlock()
	for size := 1 << 18; size <= 1<<24; size <<= 2 {
		all := stacks(size, true)
		for one := range bytes.SplitSeq(all, []byte("\n\n")) {
			if name := goroutine(one); bytes.Contains(one, run) && bytes.Contains(one, begun) && !r.names[name] {
				r.names[name] = true
				return name, string(one)
			}
		}
		if len(all) < size {
			break
		}
	}
	return "", ""
}

// forget says that the run has returned.
func (r *runs) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.names, name)
}

// goroutine returns the name of the goroutine that has the stack: its first two
// words.
func goroutine(stack []byte) string {
	words := bytes.SplitN(stack, []byte(" "), 3)
	return string(bytes.Join(words[:min(2, len(words))], []byte(" ")))
}

// stacks returns the stack of the calling goroutine, or of all.
func stacks(size int, all bool) []byte {
	buf := make([]byte, size)
	return buf[:runtime.Stack(buf, all)]
}
