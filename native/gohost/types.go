package main

import (
	"reflect"
	"strconv"
)

// mostTypes keeps a plugin with a huge type graph from filling the report.
const mostTypes = 2000

// listTypes reports the types that values of a type lead to, in the form in which src/golang/types.ts reads them from the
// file: named types, structs and interfaces.
func listTypes(out *report, symbol string, root reflect.Type) {
	seen := map[reflect.Type]bool{root: true}
	queue := []reflect.Type{root}
	if methods := methodSet(reflect.PtrTo(root)); len(methods) > 0 {
		out.typeEvent(symbol, "*"+root.String(), "", 8, methods)
	}
	for len(queue) > 0 && len(seen) < mostTypes {
		typ := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		kind := typ.Kind()
		if kind == reflect.Struct || kind == reflect.Interface || typ.PkgPath() != "" {
			out.typeEvent(symbol, typ.String(), typ.PkgPath(), int(typ.Size()), layout(typ))
		}
		for _, part := range parts(typ) {
			if !seen[part] {
				seen[part] = true
				queue = append(queue, part)
			}
		}
	}
}

func parts(typ reflect.Type) (found []reflect.Type) {
	switch typ.Kind() {
	case reflect.Array, reflect.Chan, reflect.Ptr, reflect.Slice:
		found = append(found, typ.Elem())
	case reflect.Map:
		found = append(found, typ.Key(), typ.Elem())
	case reflect.Struct:
		for i := 0; i < typ.NumField(); i++ {
			found = append(found, typ.Field(i).Type)
		}
	case reflect.Interface:
		for i := 0; i < typ.NumMethod(); i++ {
			found = append(found, typ.Method(i).Type)
		}
	case reflect.Func:
		for i := 0; i < typ.NumIn(); i++ {
			found = append(found, typ.In(i))
		}
		for i := 0; i < typ.NumOut(); i++ {
			found = append(found, typ.Out(i))
		}
	}
	return found
}

// layout tells what a type is made of: fields and methods line by line, of other types the type behind the name.
func layout(typ reflect.Type) (lines []string) {
	switch typ.Kind() {
	case reflect.Struct:
		for i := 0; i < typ.NumField(); i++ {
			field := typ.Field(i)
			embedded := ""
			if field.Anonymous {
				embedded = "(embedded) "
			}
			lines = append(lines, strconv.Itoa(int(field.Offset))+": "+embedded+field.Name+" "+field.Type.String())
		}
	case reflect.Interface:
		for i := 0; i < typ.NumMethod(); i++ {
			method := typ.Method(i)
			lines = append(lines, method.Name+method.Type.String()[len("func"):])
		}
	case reflect.Array:
		lines = append(lines, "["+strconv.Itoa(typ.Len())+"]"+typ.Elem().String())
	case reflect.Chan:
		lines = append(lines, typ.ChanDir().String()+" "+typ.Elem().String())
	case reflect.Func:
		lines = append(lines, "func"+signature(typ, 0))
	case reflect.Map:
		lines = append(lines, "map["+typ.Key().String()+"]"+typ.Elem().String())
	case reflect.Ptr:
		lines = append(lines, "*"+typ.Elem().String())
	case reflect.Slice:
		lines = append(lines, "[]"+typ.Elem().String())
	case reflect.UnsafePointer:
		lines = append(lines, "unsafe.Pointer")
	default:
		lines = append(lines, typ.Kind().String())
	}
	return lines
}

// methodSet lists what hosts can assert an interface with.
func methodSet(typ reflect.Type) (lines []string) {
	for i := 0; i < typ.NumMethod(); i++ {
		method := typ.Method(i)
		lines = append(lines, method.Name+signature(method.Type, 1))
	}
	return lines
}

// signature writes parameters and results as reflection does; the receiver of a method is the first parameter.
func signature(typ reflect.Type, first int) string {
	text := "("
	for i := first; i < typ.NumIn(); i++ {
		if i > first {
			text += ", "
		}
		if typ.IsVariadic() && i == typ.NumIn()-1 {
			text += "..." + typ.In(i).Elem().String()
		} else {
			text += typ.In(i).String()
		}
	}
	text += ")"
	switch typ.NumOut() {
	case 0:
		return text
	case 1:
		return text + " " + typ.Out(0).String()
	}
	text += " ("
	for i := 0; i < typ.NumOut(); i++ {
		if i > 0 {
			text += ", "
		}
		text += typ.Out(i).String()
	}
	return text + ")"
}
