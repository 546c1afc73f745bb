// Command goadvice reads the Go sources below a directory and tells, as JSON lines on standard output, where they rest on
// something that Go plugins do not do. It parses and type-checks with the standard library alone: nothing of the sources
// is compiled or run, and no package beside them is read.
//
//	goadvice DIRECTORY
package main

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
)

// A remark is one place in the sources.
type remark struct {
	// Kind is one of close, reload, cbytes, main-type, goroutine.
	Kind string `json:"kind"`
	// File is relative to the directory.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Subject is what it is about: a type, an expression, a function.
	Subject string `json:"subject"`
	// Via is how an init function comes there.
	Via string `json:"via,omitempty"`
	// Main tells that it is in a package main.
	Main bool `json:"main,omitempty"`
}

// mostRemarks keeps hostile sources from filling the report.
const mostRemarks = 200

func main() {
	if len(os.Args) != 2 {
		os.Stderr.WriteString("usage: goadvice DIRECTORY\n")
		os.Exit(64)
	}
	root := os.Args[1]
	out := json.NewEncoder(os.Stdout)
	count := 0
	for _, pkg := range readPackages(root) {
		for _, found := range inspect(pkg) {
			if count++; count > mostRemarks {
				return
			}
			if name, err := filepath.Rel(root, found.File); err == nil {
				found.File = filepath.ToSlash(name)
			}
			out.Encode(found)
		}
	}
}

func inspect(pkg *checked) (found []remark) {
	for _, file := range pkg.files {
		found = append(found, closes(pkg, file)...)
		found = append(found, reloads(pkg, file)...)
		found = append(found, copies(pkg, file)...)
		found = append(found, assertions(pkg, file)...)
	}
	return append(found, goroutines(pkg)...)
}

func (pkg *checked) remark(kind string, at token.Pos, subject string) remark {
	place := pkg.fset.Position(at)
	if len(subject) > 200 {
		subject = subject[:200]
	}
	main := pkg.files[0].Name.Name == "main"
	return remark{Kind: kind, File: place.Filename, Line: place.Line, Column: place.Column, Subject: subject, Main: main}
}

// imports tells whether a file imports a package.
func imports(file *ast.File, path string) bool {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"`+path+`"` {
			return true
		}
	}
	return false
}
