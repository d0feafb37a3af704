//go:build ignore

// Licences writes a table of the modules that the packages of this library bring
// into a program, with the licence of each as its own file says. Run it in the
// root of the repository: go run .ci/licences.go >docs/licences.md
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const head = `# Licences

convtrack is under [Apache-2.0](../LICENSE). These are the modules that its packages bring into a program, with their licences as read from the files that they come with. A package
that is not named in a line does not need that module; what only tests and examples need is not here, but in ` + "`make sbom`" + `. Written by ` + "`make licences`" + `, and checked by ` + "`make lint`" + `.

| module | licence | needed by |
|---|---|---|
`

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// pkg is a package as the go command lists it.
type pkg struct {
	ImportPath string
	Deps       []string
	Module     *struct {
		Path, Dir string
		Main      bool
	}
}

func write(w io.Writer) error {
	all, err := list("-deps", "./...")
	if err != nil {
		return err
	}
	byPath := map[string]pkg{}
	for _, p := range all {
		byPath[p.ImportPath] = p
	}
	const root = "github.com/dcmkit/convtrack"
	folder, needed := map[string]string{}, map[string]map[string]bool{}
	for _, p := range all {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, root), "/")
		if p.Module == nil || !p.Module.Main || strings.HasSuffix(name, "test") || strings.HasPrefix(name, "examples/") || strings.Contains("/"+name+"/", "/internal/") {
			continue
		}
		if name == "" {
			name = "convtrack"
		}
		for _, d := range p.Deps {
			m := byPath[d].Module
			if m == nil || m.Main {
				continue
			}
			folder[m.Path] = m.Dir
			if needed[m.Path] == nil {
				needed[m.Path] = map[string]bool{}
			}
			needed[m.Path][name] = true
		}
	}
	fmt.Fprint(w, head)
	for _, path := range slices.Sorted(maps.Keys(folder)) {
		licence, err := licenceOf(folder[path])
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", path, licence, strings.Join(slices.Sorted(maps.Keys(needed[path])), ", "))
	}
	return nil
}

func list(args ...string) (all []pkg, err error) {
	c := exec.Command("go", append([]string{"list", "-json=ImportPath,Deps,Module"}, args...)...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := in.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, p)
	}
}

// signs are sentences of the texts of licences, the first that is found counts.
var signs = []struct{ sentence, licence string }{
	{"Apache License Version 2.0", "Apache-2.0"},
	{"Mozilla Public License, version 2.0", "MPL-2.0"},
	{"Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"},
	{"Neither the name", "BSD-3-Clause"},
	{"may be used to endorse or promote products", "BSD-3-Clause"},
	{"Redistribution and use in source and binary forms", "BSD-2-Clause"},
}

// licenceOf reads the licence of a module: that of its main file, and beside it
// those of parts that come from elsewhere.
func licenceOf(folder string) (string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "LICEN[CS]E*"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".txt"), ".md"); base != "LICENSE" && base != "LICENCE" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		text := strings.Join(strings.Fields(string(data)), " ")
		for _, s := range signs {
			if strings.Contains(text, s.sentence) {
				return s.licence, nil
			}
		}
	}
	return "", errors.New("its licence is not known: read it, and add what it says to the signs")
}
