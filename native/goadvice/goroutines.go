package main

import (
	"go/ast"
	"go/types"
)

// mostCalls is how far calls are followed from an init function.
const mostCalls = 8

// goroutines finds go statements that run while a package is initialised: in init functions, in what these call directly,
// and in functions that give package variables their first values.
func goroutines(pkg *checked) (found []remark) {
	bodies := map[types.Object]*ast.FuncDecl{}
	for _, file := range pkg.files {
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Body != nil && function.Recv == nil {
				if object := pkg.info.Defs[function.Name]; object != nil {
					bodies[object] = function
				}
			}
		}
	}
	seen := map[*ast.FuncDecl]bool{}
	var follow func(node ast.Node, via string, depth int)
	follow = func(node ast.Node, via string, depth int) {
		ast.Inspect(node, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.GoStmt:
				one := pkg.remark("goroutine", node.Pos(), types.ExprString(node.Call.Fun))
				one.Via = via
				found = append(found, one)
				return false
			case *ast.FuncLit:
				// A function that is only made here does not run here.
				return false
			case *ast.CallExpr:
				if literal, ok := node.Fun.(*ast.FuncLit); ok {
					follow(literal.Body, via, depth)
				}
				ident, ok := node.Fun.(*ast.Ident)
				if !ok {
					return true
				}
				function := bodies[pkg.info.Uses[ident]]
				if function != nil && !seen[function] && depth < mostCalls {
					seen[function] = true
					follow(function.Body, via+" → "+function.Name.Name, depth+1)
				}
			}
			return true
		})
	}
	for _, file := range pkg.files {
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if declaration.Recv == nil && declaration.Name.Name == "init" && declaration.Body != nil {
					follow(declaration.Body, "init", 0)
				}
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					if values, ok := spec.(*ast.ValueSpec); ok && len(values.Names) > 0 {
						for _, value := range values.Values {
							follow(value, "var "+values.Names[0].Name, 0)
						}
					}
				}
			}
		}
	}
	return found
}
