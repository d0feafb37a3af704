package fauxqstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Version is that of the emulator; the Makefile names it, too.
const Version = "1.9.2"

// install returns the folder that holds the emulator; `make fauxqs` installs it
// there, too.
func install(ctx context.Context) (folder string, err error) {
	cache := os.Getenv("XDG_CACHE_HOME") //nolint:forbidigo // it is for tests, and where make puts it
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("fauxqstest: %w", err)
		}
		cache = filepath.Join(home, ".cache")
	}
	folder = filepath.Join(cache, "convtrack", "fauxqs-"+Version)
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "fauxqs", "package.json")); err == nil {
		return folder, nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", errors.New("fauxqstest: this needs Node 20 with npm, to run an emulator of SQS: install it (Debian: apt-get install nodejs npm; macOS: brew install node), or run make fauxqs where there is one")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // it holds what everybody can get from npm
		return "", fmt.Errorf("fauxqstest: %w", err)
	}
	out, err := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "fauxqs@"+Version).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("fauxqstest: npm cannot install fauxqs: %w: %s", err, out)
	}
	return folder, nil
}
