package genesystest

import (
	"container/heap"
	"sync"
	"time"
)

// mostWaiting is how many bytes may wait for a client that does not read. Then
// its socket is closed.
const mostWaiting = 32 << 20

// frameQueue holds the frames that a socket has still to send, each with the
// time when it is due. Frames that are due at the same time keep their order.
type frameQueue struct {
	mu     sync.Mutex
	frames frameHeap
	bytes  int
	next   int
	wake   chan struct{}
}

type frame struct {
	due   time.Time
	n     int
	data  []byte
	tries int // how often it was sent in vain
}

func newFrameQueue() *frameQueue { return &frameQueue{wake: make(chan struct{}, 1)} }

// add returns false when too much is waiting.
func (q *frameQueue) add(f frame) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+len(f.data) > mostWaiting {
		return false
	}
	q.bytes += len(f.data)
	q.next++
	f.n = q.next
	heap.Push(&q.frames, f)
	q.wakeUp()
	return true
}

func (q *frameQueue) wakeUp() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns the next frame if it is due. Otherwise it has no data, and wait is
// how long to wait for it, or Never.
func (q *frameQueue) take() (next frame, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames) == 0 {
		return frame{}, Never
	}
	if left := time.Until(q.frames[0].due); left > 0 {
		return frame{}, left
	}
	f := heap.Pop(&q.frames).(frame)
	q.bytes -= len(f.data)
	return f, 0
}

type frameHeap []frame

func (h frameHeap) Len() int { return len(h) }
func (h frameHeap) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].n < h[j].n
}
func (h frameHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *frameHeap) Push(x any)   { *h = append(*h, x.(frame)) }
func (h *frameHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = frame{}
	*h = old[:len(old)-1]
	return last
}
