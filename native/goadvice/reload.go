package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
)

var reloading = regexp.MustCompile(`(?i)reload|refresh|update|upgrade|swap|watch`)

// replacing are functions of the package os that put a file, or nothing, in the place of another; with which argument.
var replacing = map[string]int{"Rename": 1, "WriteFile": 0, "Create": 0, "Remove": 0, "Symlink": 1, "Link": 1}

// reloads finds places that open one path again and again, or replace the file at a path and open it, to get new code.
func reloads(pkg *checked, file *ast.File) (found []remark) {
	if !imports(file, "plugin") {
		return nil
	}
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		replaced := map[string]bool{}
		ast.Inspect(function.Body, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				importPath, name := pkg.callee(call)
				at, known := replacing[name]
				if importPath == "os" && known && at < len(call.Args) {
					replaced[types.ExprString(call.Args[at])] = true
				}
			}
			return true
		})
		for _, open := range opensIn(pkg, function.Body) {
			text := types.ExprString(open.path)
			again := open.loop != nil && !changesIn(pkg, open.loop, open.path)
			if again || replaced[text] && reloading.MatchString(function.Name.Name) {
				found = append(found, pkg.remark("reload", open.at, text))
			}
		}
	}
	return found
}

type opening struct {
	path ast.Expr
	at   token.Pos
	// loop is the innermost one around it; loops over a range go from path to path.
	loop *ast.ForStmt
}

func opensIn(pkg *checked, body ast.Node) (found []opening) {
	var loops []*ast.ForStmt
	var visit func(node ast.Node) bool
	visit = func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ForStmt:
			loops = append(loops, node)
			ast.Inspect(node.Body, visit)
			loops = loops[:len(loops)-1]
			return false
		case *ast.RangeStmt:
			loops = append(loops, nil)
			ast.Inspect(node.Body, visit)
			loops = loops[:len(loops)-1]
			return false
		case *ast.CallExpr:
			importPath, name := pkg.callee(node)
			if importPath == "plugin" && name == "Open" && len(node.Args) == 1 {
				open := opening{path: node.Args[0], at: node.Pos()}
				if len(loops) > 0 {
					open.loop = loops[len(loops)-1]
				}
				found = append(found, open)
			}
		}
		return true
	}
	ast.Inspect(body, visit)
	return found
}

// changesIn tells whether an expression can have another value in the next round of a loop: something in it is declared or
// assigned there, or it calls a function or reads from somewhere.
func changesIn(pkg *checked, loop *ast.ForStmt, expression ast.Expr) bool {
	parts := map[types.Object]bool{}
	changes := false
	ast.Inspect(expression, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr, *ast.IndexExpr, *ast.UnaryExpr, *ast.SelectorExpr:
			changes = true
		case *ast.Ident:
			if object := pkg.info.Uses[node]; object != nil {
				parts[object] = true
				changes = changes || object.Pos() >= loop.Pos() && object.Pos() < loop.End()
			} else {
				changes = true
			}
		}
		return !changes
	})
	if changes {
		return true
	}
	assigned := func(target ast.Expr) {
		if ident, ok := target.(*ast.Ident); ok && parts[pkg.info.ObjectOf(ident)] {
			changes = true
		}
	}
	ast.Inspect(loop, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			for _, target := range node.Lhs {
				assigned(target)
			}
		case *ast.IncDecStmt:
			assigned(node.X)
		case *ast.UnaryExpr:
			// Whoever has its address can change it.
			if node.Op == token.AND {
				assigned(node.X)
			}
		case *ast.RangeStmt:
			assigned(node.Key)
			assigned(node.Value)
		}
		return !changes
	})
	return changes
}
