package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnEndpointThatIsNoneIsSaidBeforeAnythingStarts(t *testing.T) {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"} {
		read := func(value string) error {
			_, err := readExports(func(name string) string {
				if name == variable {
					return value
				}
				return ""
			})
			return err
		}
		for _, wrong := range []string{"::bad", "localhost:4318", "grpc://localhost:4317", "http://", "http://:secret@", "/v1/traces"} {
			err := read(wrong)
			require.ErrorContains(t, err, "http://localhost:4318", wrong)
			require.NotContains(t, err.Error(), "secret")
		}
		for _, right := range []string{"", "http://localhost:4318", "https://collector.example.com/otlp", "http://[::1]:4318"} {
			require.NoError(t, read(right), right)
		}
	}
}
