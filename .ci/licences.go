//go:build ignore

// Licences reads a software bill of materials in CycloneDX's JSON and writes a
// line for each module: its path, version and licences.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	var bill struct {
		Components []struct {
			Name, Version string
			Evidence      struct {
				Licenses []struct {
					License struct{ ID, Name string }
				}
			}
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&bill); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
	for _, c := range bill.Components {
		var names []string
		for _, l := range c.Evidence.Licenses {
			names = append(names, l.License.ID+l.License.Name)
		}
		if names == nil {
			fmt.Fprintf(os.Stderr, "licences: none is known of %s %s\n", c.Name, c.Version)
			os.Exit(1)
		}
		fmt.Println(c.Name, c.Version, strings.Join(names, " or "))
	}
}
