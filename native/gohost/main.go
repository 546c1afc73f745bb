// Command gohost opens one Go plugin, or rehearses the swap from one release to the next, and reports what it finds, as JSON
// lines on descriptor 3. It is compiled with the toolchain and the flags of the plugin (src/golang/probe). Its imports are
// few: each is a package that must match.
//
//	gohost PLUGIN [PROBE]... 3> report
//	gohost -swap PREVIOUS NEW PROBE [EXPECTED] 3> report
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
	// They have done their work by now, and are not for programs that a plugin starts.
	os.Unsetenv("LD_AUDIT")
	os.Unsetenv("PLUGIN_GATE_TRAIL")
	out := report{os.NewFile(3, "report")}
	if len(os.Args) < 2 {
		os.Stderr.WriteString("usage: gohost PLUGIN [PROBE]... 3> report\n")
		os.Exit(64)
	}
	out.event("start", "toolchain", runtime.Version())
	if os.Args[1] == "-swap" && (len(os.Args) == 5 || len(os.Args) == 6) {
		rehearse(out, os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
		out.event("done")
		return
	}
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
	for _, name := range os.Args[2:] {
		out.event("begin", "phase", "probe", "name", name)
		callProbe(out, opened, name)
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
		out.event("probe-missing", "name", name, "error", err.Error())
		return
	}
	fields, ok := callFunction(symbol)
	if !ok {
		out.event("probe-signature", "name", name, "type", reflect.TypeOf(symbol).String())
		return
	}
	out.event("probe", append([]string{"name", name}, fields...)...)
}

// callFunction calls a function of one of the signatures that a probe can have, and gives what came back as fields.
func callFunction(symbol plugin.Symbol) (fields []string, ok bool) {
	switch call := symbol.(type) {
	case func() error:
		if err := call(); err != nil {
			return []string{"signature", "func() error", "error", err.Error()}, true
		}
		return []string{"signature", "func() error"}, true
	case func() int:
		return []string{"signature", "func() int", "number", strconv.Itoa(call())}, true
	case func() string:
		return []string{"signature", "func() string", "text", call()}, true
	case func():
		call()
		return []string{"signature", "func()"}, true
	default:
		return nil, false
	}
}
