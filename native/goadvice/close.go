package main

import (
	"go/ast"
	"go/types"
)

var closing = map[string]bool{"Close": true, "Unload": true, "Reload": true}

// closes finds attempts to unload a Go plugin: calls of methods that plugin.Plugin does not have, of functions that the
// package does not have, and of dlclose in a file that opens plugins.
func closes(pkg *checked, file *ast.File) (found []remark) {
	opens := imports(file, "plugin")
	if !opens {
		return nil
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name := selector.Sel.Name
		if ident, ok := selector.X.(*ast.Ident); ok && ident.Name == "C" && name == "dlclose" && imports(file, "C") {
			found = append(found, pkg.remark("close", selector.Sel.Pos(), "C.dlclose"))
			return true
		}
		if !closing[name] {
			return true
		}
		importPath, _ := pkg.callee(call)
		typ := pkg.info.TypeOf(selector.X)
		if importPath == "plugin" || typ != nil && isOfPlugin(typ, "Plugin") {
			found = append(found, pkg.remark("close", selector.Sel.Pos(), types.ExprString(call.Fun)))
		}
		return true
	})
	return found
}
