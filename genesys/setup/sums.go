package setup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

// SumsFile is the file that lists the SHA-256 digests of all the others, in the
// form that sha256sum -c reads. The next run knows by it which ones
// were written before and not changed since.
const SumsFile = "SHA256SUMS"

// sumsMark is the first line of a SumsFile that is ours.
const sumsMark = "# Files of convtrack's setup; who generates them anew knows by it which ones nobody changed.\n"

func sums(files []File) []byte {
	b := bytes.NewBufferString(sumsMark)
	for _, f := range files {
		digest := sha256.Sum256(f.Content)
		fmt.Fprintf(b, "%s  %s\n", hex.EncodeToString(digest[:]), f.Path)
	}
	return b.Bytes()
}

// Sums reads a [SumsFile]: the digest of each file, in hexadecimal, by its path.
// It is nil when the file is not one of ours; paths that lead out of the folder
// are left out.
func Sums(content []byte) map[string]string {
	lines, ours := strings.CutPrefix(string(content), sumsMark)
	if !ours {
		return nil
	}
	digests := map[string]string{}
	for line := range strings.Lines(lines) {
		digest, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if ok && filepath.IsLocal(filepath.FromSlash(path)) {
			digests[path] = digest
		}
	}
	return digests
}
