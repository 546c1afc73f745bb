package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
)

// checked is a package with the types that are known without its imports.
type checked struct {
	fset  *token.FileSet
	files []*ast.File
	types *types.Package
	info  *types.Info
}

// check finds out types as far as the sources and the package plugin tell; everything else that is imported stays unknown.
func check(fset *token.FileSet, files []*ast.File) *checked {
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	config := types.Config{
		Importer:    placeholders{},
		FakeImportC: true,
		Error:       func(error) {},
	}
	name := files[0].Name.Name
	// Errors are expected: most packages are empty here.
	pkg, _ := config.Check(name, fset, files, info)
	return &checked{fset, files, pkg, info}
}

// placeholders imports empty packages, but for plugin.
type placeholders struct{}

func (placeholders) Import(name string) (*types.Package, error) {
	if name == "unsafe" {
		return types.Unsafe, nil
	}
	if name == "plugin" {
		return pluginPackage, nil
	}
	pkg := types.NewPackage(name, path.Base(name))
	pkg.MarkComplete()
	return pkg, nil
}

// pluginPackage declares what the package plugin exports.
var pluginPackage = func() *types.Package {
	pkg := types.NewPackage("plugin", "plugin")
	declare := func(name string, underlying types.Type) *types.Named {
		object := types.NewTypeName(token.NoPos, pkg, name, nil)
		pkg.Scope().Insert(object)
		return types.NewNamed(object, underlying, nil)
	}
	variable := func(typ types.Type) *types.Var { return types.NewParam(token.NoPos, pkg, "", typ) }
	text, failure := types.Typ[types.String], types.Universe.Lookup("error").Type()
	symbol := declare("Symbol", types.NewInterfaceType(nil, nil).Complete())
	opened := declare("Plugin", types.NewStruct(nil, nil))
	pointer := types.NewPointer(opened)
	lookup := types.NewSignature(types.NewParam(token.NoPos, pkg, "p", pointer),
		types.NewTuple(variable(text)), types.NewTuple(variable(symbol), variable(failure)), false)
	opened.AddMethod(types.NewFunc(token.NoPos, pkg, "Lookup", lookup))
	open := types.NewSignature(nil, types.NewTuple(variable(text)), types.NewTuple(variable(pointer), variable(failure)), false)
	pkg.Scope().Insert(types.NewFunc(token.NoPos, pkg, "Open", open))
	pkg.MarkComplete()
	return pkg
}()

// isOfPlugin tells whether a type, or what it points to, is a certain one of the package plugin.
func isOfPlugin(typ types.Type, name string) bool {
	if pointer, ok := typ.(*types.Pointer); ok {
		typ = pointer.Elem()
	}
	named, ok := typ.(*types.Named)
	return ok && named.Obj().Pkg() == pluginPackage && named.Obj().Name() == name
}

// callee gives the package path and the name of a function that is called as package.Name; empty for other calls.
func (pkg *checked) callee(call *ast.CallExpr) (importPath, name string) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	ident, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	used, ok := pkg.info.Uses[ident].(*types.PkgName)
	if !ok {
		return "", ""
	}
	return used.Imported().Path(), selector.Sel.Name
}
