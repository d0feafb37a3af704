package genesystest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// dice is a seeded source of chance for several goroutines.
type dice struct {
	mu  sync.Mutex
	rnd *rand.Rand
}

func newDice(seed uint64) *dice {
	return &dice{rnd: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

func (d *dice) uuid() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return uuid(d.rnd)
}

// fresh returns a copy of the story with new ids.
func (d *dice) fresh(s *Story) *Story {
	d.mu.Lock()
	defer d.mu.Unlock()
	return s.Fresh(d.rnd)
}

// chance reports true with the probability p.
func (d *dice) chance(p float64) bool {
	if p <= 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rnd.Float64() < p
}

// upTo returns a time below most.
func (d *dice) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.rnd.Int64N(int64(most)))
}

// uuid returns a random id of the form that the platform uses.
func uuid(rnd *rand.Rand) string {
	a, b := rnd.Uint64(), rnd.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), uint16(a)&0xfff, uint16(b>>48)&0x3fff|0x8000, b&0xffffffffffff)
}
