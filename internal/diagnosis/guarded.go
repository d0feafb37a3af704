package diagnosis

import "fmt"

// guarded asks the store, which may be anybody's: a panic is an error of its.
func guarded[T any](ask func() (T, error)) (answer T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store panicked: a %T", p)
		}
	}()
	return ask()
}
