package pgstore

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"
)

// files are small files in memory, sorted by name.
type files []file

type file struct{ name, text string }

// Open implements fs.FS.
func (f files) Open(name string) (fs.File, error) {
	if name == "." {
		return &openDir{entries: f}, nil
	}
	for _, x := range f {
		if x.name == name {
			return &openFile{Reader: strings.NewReader(x.text), file: x}, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

type openFile struct {
	*strings.Reader
	file
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.file, nil }
func (f *openFile) Close() error               { return nil }

type openDir struct{ entries files }

func (d *openDir) Stat() (fs.FileInfo, error) { return dirInfo{}, nil }
func (d *openDir) Read([]byte) (int, error)   { return 0, errors.New("it is a directory") }
func (d *openDir) Close() error               { return nil }

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	var list []fs.DirEntry
	for len(d.entries) > 0 && (n <= 0 || len(list) < n) {
		list = append(list, fs.FileInfoToDirEntry(d.entries[0]))
		d.entries = d.entries[1:]
	}
	return list, nil
}

func (f file) Name() string       { return f.name }
func (f file) Size() int64        { return int64(len(f.text)) }
func (f file) Mode() fs.FileMode  { return 0o444 }
func (f file) ModTime() time.Time { return time.Time{} }
func (f file) IsDir() bool        { return false }
func (f file) Sys() any           { return nil }

type dirInfo struct{}

func (dirInfo) Name() string       { return "." }
func (dirInfo) Size() int64        { return 0 }
func (dirInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (dirInfo) ModTime() time.Time { return time.Time{} }
func (dirInfo) IsDir() bool        { return true }
func (dirInfo) Sys() any           { return nil }
