package clientapp_test

import (
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// atTheEnd ends what the tests share.
var atTheEnd []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range atTheEnd {
		end()
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = os.Stderr.WriteString(err.Error())
		code = 1
	}
	os.Exit(code)
}
