//go:build !race

package clientapp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// nodeModules is where Genesys's SDKs are; make genesys-sdk installs them there,
// too.
func nodeModules(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		require.NoError(t, err)
		cache = filepath.Join(home, ".cache")
	}
	folder := filepath.Join(cache, "convtrack", "genesys-sdk-2.6.10-262.0.0")
	modules := filepath.Join(folder, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "purecloud-platform-client-v2", "package.json")); err == nil {
		return modules
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("these tests need npm, which brings Genesys's SDKs: install it (Debian: apt-get install nodejs npm; macOS: brew install node)")
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	out, err := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
		"purecloud-client-app-sdk@2.6.10", "purecloud-platform-client-v2@262.0.0").CombinedOutput()
	require.NoError(t, err, "npm cannot install Genesys's SDKs: %s", out)
	return modules
}
