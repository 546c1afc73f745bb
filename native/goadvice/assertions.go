package main

import (
	"go/ast"
	"go/types"
)

// assertions finds type assertions on what plugin.Lookup gave, to types that the host declares in its own package main: the
// plugin cannot import that package, so no value of it can have such a type.
func assertions(pkg *checked, file *ast.File) (found []remark) {
	if file.Name.Name != "main" || !imports(file, "plugin") {
		return nil
	}
	report := func(target ast.Expr) {
		typ := pkg.info.TypeOf(target)
		if typ == nil {
			return
		}
		if own := declaredHere(pkg, typ, 0); own != nil {
			found = append(found, pkg.remark("main-type", target.Pos(), own.Obj().Name()))
		}
	}
	ofSymbol := func(expression ast.Expr) bool {
		typ := pkg.info.TypeOf(expression)
		return typ != nil && isOfPlugin(typ, "Symbol")
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.TypeAssertExpr:
			if node.Type != nil && ofSymbol(node.X) {
				report(node.Type)
			}
		case *ast.TypeSwitchStmt:
			if ofSymbol(switched(node)) {
				for _, clause := range node.Body.List {
					if clause, ok := clause.(*ast.CaseClause); ok {
						for _, target := range clause.List {
							report(target)
						}
					}
				}
			}
		}
		return true
	})
	return found
}

// switched is the x of `switch y := x.(type)`.
func switched(statement *ast.TypeSwitchStmt) ast.Expr {
	var expression ast.Expr
	switch assign := statement.Assign.(type) {
	case *ast.ExprStmt:
		expression = assign.X
	case *ast.AssignStmt:
		if len(assign.Rhs) == 1 {
			expression = assign.Rhs[0]
		}
	}
	if assertion, ok := expression.(*ast.TypeAssertExpr); ok {
		return assertion.X
	}
	return expression
}

// declaredHere finds a type of this package that a value must have exactly: a named type that is no interface, or one that a
// function type or a composite type is made of. An interface is satisfied by methods alone, whatever package it is from.
func declaredHere(pkg *checked, typ types.Type, depth int) *types.Named {
	if depth > deepest {
		return nil
	}
	next := func(part types.Type) *types.Named { return declaredHere(pkg, part, depth+1) }
	switch typ := typ.(type) {
	case *types.Named:
		if typ.Obj().Pkg() != pkg.types || typ.Obj().Pkg() == nil || depth == 0 && types.IsInterface(typ) {
			return nil
		}
		return typ
	case *types.Pointer:
		return next(typ.Elem())
	case *types.Slice:
		return next(typ.Elem())
	case *types.Array:
		return next(typ.Elem())
	case *types.Chan:
		return next(typ.Elem())
	case *types.Map:
		if own := next(typ.Key()); own != nil {
			return own
		}
		return next(typ.Elem())
	case *types.Signature:
		for _, tuple := range []*types.Tuple{typ.Params(), typ.Results()} {
			for i := 0; i < tuple.Len(); i++ {
				if own := next(tuple.At(i).Type()); own != nil {
					return own
				}
			}
		}
	}
	return nil
}
