package main

import (
	"reflect"
	"strconv"
)

// mostTypes keeps a plugin with a huge type graph from filling the report.
const mostTypes = 2000

// listTypes reports the types that values of a type lead to, in the form in which src/golang/types.ts reads them from the
// file: named types, structs and interfaces.
func listTypes(out report, symbol string, root reflect.Type) {
	seen := map[reflect.Type]bool{root: true}
	queue := []reflect.Type{root}
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
	}
	return lines
}
