// Command gohost opens one Go plugin, or rehearses the swap from one release to the next. The native loader starts it in its
// sandbox (native/loader/host.h), tells it what to do next over a channel, and takes what it finds, as JSON lines. It is
// compiled with the toolchain and the flags of the plugin (src/golang/probe). Its imports are few: each is a package that
// must match.
//
//	gohost PLUGIN [PROBE]...
//	gohost -swap PREVIOUS NEW PROBE [EXPECTED]
package main

import (
	"os"
	"plugin"
	"reflect"
	"runtime"
	"strconv"
	"syscall"
)

// The loader looks from outside where the main thread waits: it is the main goroutine's, for ever.
func init() { runtime.LockOSThread() }

func main() {
	descriptor, err := strconv.Atoi(os.Getenv("PLUGIN_GATE_CHANNEL"))
	swap := len(os.Args) > 1 && os.Args[1] == "-swap"
	if err != nil || len(os.Args) < 2 || swap && len(os.Args) != 5 && len(os.Args) != 6 {
		os.Stderr.WriteString("gohost: is started by the native loader: gohost PLUGIN [PROBE]... | -swap PREVIOUS NEW PROBE [EXPECTED]\n")
		os.Exit(64)
	}
	syscall.CloseOnExec(descriptor)
	// They have done their work by now, and are not for programs that a plugin starts.
	for _, name := range []string{"LD_AUDIT", "PLUGIN_GATE_TRAIL", "PLUGIN_GATE_CHANNEL"} {
		os.Unsetenv(name)
	}
	growStack(stackLevels)
	link := channel{descriptor: descriptor}
	one := host{words: os.Args[1:]}
	if swap {
		one.rehearsal = newRehearsal(os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
	}
	home := place()
	for {
		begin := link.receive()
		out := report{}
		answer := one.run(begin, &out)
		link.say(kindReturned, begin, 0, result{moved: place() != home}, "")
		nonce := link.receive().nonce
		for _, line := range out.lines {
			link.tell(begin, nonce, line)
		}
		link.say(kindResult, begin, nonce, answer, answer.text)
	}
}

// host is what is open, and the names of the probes.
type host struct {
	words     []string
	opened    *plugin.Plugin
	rehearsal *rehearsal
}

// result is what a step came to.
type result struct {
	succeeded bool
	moved     bool
	text      string
}

// run carries out one step. What it finds goes into the report, which is sent when the loader has seen that it came back.
func (one *host) run(begin command, out *report) result {
	switch begin.step {
	case stepStart:
		out.event("start", "toolchain", runtime.Version())
	case stepOpen:
		before := runtime.NumGoroutine()
		opened, err := plugin.Open(one.words[0])
		if err != nil {
			return result{text: err.Error()}
		}
		one.opened = opened
		out.event("opened", "goroutines", strconv.Itoa(runtime.NumGoroutine()-before))
	case stepList:
		listSymbols(out, one.opened)
	case stepProbe:
		if int(begin.index)+1 < len(one.words) {
			callProbe(out, one.opened, one.words[begin.index+1])
		}
	case stepAct:
		return result{succeeded: one.rehearsal.next(out)}
	case stepExit:
		os.Exit(0)
	}
	return result{succeeded: true}
}

// listSymbols uses reflection, because the package plugin has no list of symbols.
func listSymbols(out *report, opened *plugin.Plugin) {
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

func callProbe(out *report, opened *plugin.Plugin, name string) {
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
