package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/dcmkit/convtrack/genesys/setup"
)

// folder is where files are written. Nothing outside of it is touched, whatever
// links are in it.
type folder struct {
	name string
	root *os.Root
	// earlier are the digests of what an earlier run wrote; nil when none did.
	earlier map[string]string
}

// write makes the folder hold the files. Files that an earlier run did not
// write, or that somebody changed since, are overwritten only with force;
// without it nothing is written when there is one.
func write(name string, files []setup.File, force bool) (*changes, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.root.Close() }()
	c, err := f.compare(files)
	if err != nil {
		return nil, err
	}
	if len(c.foreign) > 0 && !force {
		return nil, fmt.Errorf("nothing was written: these files in %s are not from here, or somebody changed them:\n  %s\nmove them away, choose another folder with -out, or overwrite them with -force",
			name, strings.Join(c.foreign, "\n  "))
	}
	return c, f.apply(files, c)
}

func open(name string) (*folder, error) {
	err := os.MkdirAll(name, 0o755)
	f := &folder{name: name}
	if err == nil {
		f.root, err = os.OpenRoot(name)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot write to %q: %w; choose another folder with -out", name, cause(err))
	}
	sums, err := f.root.ReadFile(setup.SumsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		_ = f.root.Close()
		return nil, f.failed("read", setup.SumsFile, err)
	}
	f.earlier = setup.Sums(sums)
	return f, nil
}

// compare works out what is to be done.
func (f *folder) compare(files []setup.File) (*changes, error) {
	c, wanted := &changes{}, map[string]bool{}
	for _, file := range files {
		wanted[file.Path] = true
		old, err := f.root.ReadFile(file.Path)
		ours := digest(old) == f.earlier[file.Path] || file.Path == setup.SumsFile && f.earlier != nil
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.created = append(c.created, file.Path)
		case err != nil:
			return nil, f.failed("read", file.Path, err)
		case bytes.Equal(old, file.Content):
			c.unchanged = append(c.unchanged, file.Path)
		case ours:
			c.changed = append(c.changed, file.Path)
		default:
			c.foreign = append(c.foreign, file.Path)
		}
	}
	for name, sum := range f.earlier {
		if wanted[name] {
			continue
		}
		switch old, err := f.root.ReadFile(name); {
		case err != nil: // somebody has removed it
		case digest(old) == sum:
			c.removed = append(c.removed, name)
		default:
			c.kept = append(c.kept, name)
		}
	}
	slices.Sort(c.removed)
	slices.Sort(c.kept)
	return c, nil
}

// apply writes and removes. The list of digests is the last: what is not in it
// is not taken for ours.
func (f *folder) apply(files []setup.File, c *changes) error {
	for _, file := range slices.Backward(files) { // the list is the first of files
		if slices.Contains(c.unchanged, file.Path) {
			continue
		}
		if file.Path == setup.SumsFile {
			if err := f.remove(c.removed); err != nil {
				return err
			}
		}
		if err := f.replace(file); err != nil {
			return f.failed("write", file.Path, err)
		}
	}
	return nil
}

// remove removes what an earlier run wrote and is not needed any more: Terraform
// would go on to apply it.
func (f *folder) remove(names []string) error {
	for _, name := range names {
		if err := f.root.Remove(name); err != nil {
			return f.failed("remove", name, err)
		}
		_ = f.root.Remove(path.Dir(name)) // succeeds when it is empty now
	}
	return nil
}

// replace writes a file as a whole, so that nobody sees half of it.
func (f *folder) replace(file setup.File) error {
	if err := f.root.MkdirAll(path.Dir(file.Path), 0o755); err != nil {
		return err
	}
	part := file.Path + ".part"
	if err := f.root.WriteFile(part, file.Content, 0o644); err != nil {
		return err
	}
	return f.root.Rename(part, file.Path)
}

func (f *folder) failed(to, name string, err error) error {
	return fmt.Errorf("cannot %s %s in %s: %w", to, name, f.name, cause(err))
}

// cause is what went wrong, without the operation and the path, which are said
// already.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
