// Command gohost opens one Go plugin and reports what it finds, as JSON lines on descriptor 3. It is compiled with the
// toolchain and the flags of the plugin (src/golang/probe). Its imports are few: each is a package that must match.
//
//	gohost PLUGIN [PROBE] 3> report
package main

import (
	"os"
	"plugin"
	"reflect"
	"runtime"
	"strconv"
	"syscall"
)

func main() {
	syscall.CloseOnExec(3)
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	out := report{os.NewFile(3, "report")}
	if len(os.Args) < 2 {
		os.Stderr.WriteString("usage: gohost PLUGIN [PROBE] 3> report\n")
		os.Exit(64)
	}
	out.event("start", "toolchain", runtime.Version())
	out.event("begin", "phase", "open")
	before := runtime.NumGoroutine()
	opened, err := plugin.Open(os.Args[1])
	if err != nil {
		out.event("refused", "error", err.Error())
		out.event("done")
		return
	}
	out.event("opened", "goroutines", strconv.Itoa(runtime.NumGoroutine()-before))
	out.event("begin", "phase", "symbols")
	listSymbols(out, opened)
	if len(os.Args) > 2 {
		out.event("begin", "phase", "probe")
		callProbe(out, opened, os.Args[2])
	}
	out.event("done")
}

// listSymbols uses reflection, because the package plugin has no list of symbols.
func listSymbols(out report, opened *plugin.Plugin) {
	symbols := reflect.ValueOf(opened).Elem().FieldByName("syms")
	if symbols.Kind() != reflect.Map {
		return
	}
	for keys := symbols.MapRange(); keys.Next(); {
		name := keys.Key().String()
		symbol, err := opened.Lookup(name)
		if err != nil {
			out.event("missing", "name", name, "error", err.Error())
			continue
		}
		kind, typ := "func", reflect.TypeOf(symbol)
		if typ.Kind() == reflect.Ptr {
			kind, typ = "var", typ.Elem()
		}
		out.event("symbol", "name", name, "kind", kind, "type", typ.String())
		listTypes(out, name, typ)
	}
}

func callProbe(out report, opened *plugin.Plugin, name string) {
	symbol, err := opened.Lookup(name)
	if err != nil {
		out.event("probe-missing", "error", err.Error())
		return
	}
	switch call := symbol.(type) {
	case func() error:
		if err := call(); err != nil {
			out.event("probe", "signature", "func() error", "error", err.Error())
			return
		}
		out.event("probe", "signature", "func() error")
	case func() int:
		out.event("probe", "signature", "func() int", "number", strconv.Itoa(call()))
	case func() string:
		out.event("probe", "signature", "func() string", "text", call())
	case func():
		call()
		out.event("probe", "signature", "func()")
	default:
		out.event("probe-signature", "type", reflect.TypeOf(symbol).String())
	}
}
