package main

import (
	"go/ast"
	"go/types"
)

// copies finds calls of C.CBytes that are to keep Go functions or other Go values alive for C: it copies bytes, and what
// pointers in them point to can be moved or freed.
func copies(pkg *checked, file *ast.File) (found []remark) {
	if !imports(file, "C") {
		return nil
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || selector.Sel.Name != "CBytes" {
			return true
		}
		ident, ok := selector.X.(*ast.Ident)
		if ok && ident.Name == "C" && holdsValue(pkg, call.Args[0]) {
			found = append(found, pkg.remark("cbytes", call.Pos(), types.ExprString(call.Args[0])))
		}
		return true
	})
	return found
}

// holdsValue tells whether bytes are made of a function value, or of a pointer to something that holds one.
func holdsValue(pkg *checked, argument ast.Expr) bool {
	called := map[ast.Expr]bool{}
	found := false
	ast.Inspect(argument, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			called[call.Fun] = true
		}
		expression, ok := node.(ast.Expr)
		if !ok || called[expression] {
			return true
		}
		if value, known := pkg.info.Types[expression]; known && value.IsValue() && holdsFunction(value.Type, 0) {
			found = true
		}
		switch node.(type) {
		case *ast.SelectorExpr, *ast.ArrayType:
			// Of a struct, the one field counts; lengths of arrays are no bytes.
			return false
		}
		return !found
	})
	return found
}

// deepest ends the search in types that contain each other.
const deepest = 5

func holdsFunction(typ types.Type, depth int) bool {
	if depth > deepest {
		return false
	}
	switch typ := typ.Underlying().(type) {
	case *types.Signature:
		return true
	case *types.Pointer:
		return holdsFunction(typ.Elem(), depth+1)
	case *types.Array:
		return holdsFunction(typ.Elem(), depth+1)
	case *types.Slice:
		return holdsFunction(typ.Elem(), depth+1)
	case *types.Struct:
		for i := 0; i < typ.NumFields(); i++ {
			if holdsFunction(typ.Field(i).Type(), depth+1) {
				return true
			}
		}
	}
	return false
}
