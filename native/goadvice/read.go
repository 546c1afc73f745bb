package main

import (
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

const (
	mostFiles   = 5000
	longestFile = 1 << 20
	// mostBytes is of all files together; their syntax trees take some ten times as much.
	mostBytes = 32 << 20
)

// readPackages parses the sources below a directory that a build for Linux with cgo takes in, and checks their types.
// Nested modules, vendored packages and tests are left out; files that cannot be parsed as well, as far as they cannot.
func readPackages(root string) (packages []*checked) {
	fset := token.NewFileSet()
	context := build.Default
	context.GOOS, context.CgoEnabled = "linux", true
	byPackage := map[string][]*ast.File{}
	count, bytes := 0, int64(0)
	filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || skipped[name] || isModule(path)) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		info, err := entry.Info()
		if err != nil || info.Size() > longestFile {
			return nil
		}
		directory := filepath.Dir(path)
		if match, err := context.MatchFile(directory, name); err != nil || !match {
			return nil
		}
		count, bytes = count+1, bytes+info.Size()
		if count > mostFiles || bytes > mostBytes {
			return errEnough
		}
		// A file with faults gives the part before them, which is looked at too.
		if file, _ := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution); file != nil && file.Name != nil {
			key := directory + "\x00" + file.Name.Name
			byPackage[key] = append(byPackage[key], file)
		}
		return nil
	})
	keys := make([]string, 0, len(byPackage))
	for key := range byPackage {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		packages = append(packages, check(fset, byPackage[key]))
	}
	return packages
}

var skipped = map[string]bool{"vendor": true, "testdata": true, "node_modules": true}

func isModule(directory string) bool {
	_, err := os.Lstat(filepath.Join(directory, "go.mod"))
	return err == nil
}

// errEnough ends the walk. (fs.SkipAll is younger than Go 1.19.)
var errEnough = errors.New("enough files")
