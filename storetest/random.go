package storetest

import (
	"flag"
	"math/rand/v2"
)

// The flags make a random run repeatable and longer.
var (
	seedFlag  = flag.Uint64("storetest.seed", 0, "seed of the random rules; 0 takes another one each time")
	walksFlag = flag.Int("storetest.walks", 2, "how many random walks the model is compared on")
	stepsFlag = flag.Int("storetest.steps", 200, "how many steps a random walk has")
)

// seeded returns a source of random numbers below n, whose seed a rule that
// fails says.
func seeded(t *trial) func(n int) int {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the seed was %d; go on with -storetest.seed=%d", seed, seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0)).IntN
}
