package storetest_test

import (
	"context"
	"fmt"

	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

func ExampleFaulty() {
	s := storetest.Faulty(memstore.New(), storetest.Fault{Method: "SetValue", Nth: 2, Times: 1})
	for range 3 {
		_, version, err := s.Value(context.Background(), "cursor")
		if err == nil {
			_, err = s.SetValue(context.Background(), "cursor", []byte("here"), version)
		}
		fmt.Println(version, err)
	}
	// Output:
	// 0 <nil>
	// 1 storetest: a fault that was planned
	// 1 <nil>
}
