package main

import (
	"os"
	"plugin"
	"reflect"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
)

// The rehearsal of a hot swap, with Go's rules: both releases are opened in one host, each under its own plugin path, and
// nothing is ever closed. So a release that is refused stays in memory too, and a roll back is only a switch of the calls.

const (
	callsNeeded = 50
	pause       = 100 * time.Microsecond
	mostWaiting = 5 * time.Second
)

// release is one of the two, and its probe.
type release struct {
	symbol plugin.Symbol
	served int64
}

type rehearsal struct {
	probe    string
	expected []string
	releases [2]release
	inUse    int32
	stopped  int32
	failed   int64
	longest  int64 // nanoseconds between two answers
	ended    chan struct{}

	acts    []act
	healthy bool // all acts so far came to what they should
	calling bool // the caller runs
	change  []act
	after   []act
}

// act is a step of the rehearsal: it gives fields of its event, and whether it came to what it should.
type act struct {
	name string
	run  func() (fields []string, succeeded bool)
	// needed: when it fails, what follows makes no sense.
	needed bool
}

func newRehearsal(previous, next, probe string, expected []string) *rehearsal {
	r := &rehearsal{probe: probe, expected: expected, ended: make(chan struct{}), healthy: true}
	r.acts = []act{
		{"open-old", func() ([]string, bool) { return r.open(0, previous) }, true},
		{"probe-old", func() ([]string, bool) { return r.ask(0) }, true},
		{"start-caller", func() ([]string, bool) { go r.call(); return nil, true }, true},
		{"open-new", func() ([]string, bool) { return r.open(1, next) }, false},
		{"probe-new", func() ([]string, bool) { return r.ask(1) }, false},
		{"old-serves", func() ([]string, bool) { return nil, r.use(0) }, true},
	}
	r.change = []act{
		{"switch", func() ([]string, bool) { return nil, r.use(1) }, true},
		{"roll-back", func() ([]string, bool) { return nil, r.use(0) }, true},
	}
	r.after = []act{
		{"stop-caller", r.stop, true},
		{"reprobe-old", func() ([]string, bool) { return r.ask(0) }, true},
	}
	return r
}

// next carries out the next act and tells of it. Whether there are more.
func (r *rehearsal) next(out *report) bool {
	if len(r.acts) == 0 {
		return false
	}
	one := r.acts[0]
	r.acts = r.acts[1:]
	fields, succeeded := one.run()
	out.event("act", append([]string{"name", one.name, "succeeded", strconv.FormatBool(succeeded), "resident", strconv.FormatInt(resident(), 10)}, fields...)...)
	r.healthy = r.healthy && succeeded
	r.calling = r.calling || one.name == "start-caller"
	if !succeeded && one.needed {
		r.acts = nil
	}
	// Without the new release there is nothing to probe.
	if one.name == "open-new" && r.releases[1].symbol == nil {
		r.acts = r.acts[1:]
	}
	for len(r.acts) == 0 && (r.change != nil || r.after != nil) {
		r.acts = r.following()
	}
	return len(r.acts) > 0
}

// following gives the next part: the switch only when all went well, the end whenever the caller runs.
func (r *rehearsal) following() (acts []act) {
	if r.change != nil {
		if r.healthy {
			acts = r.change
		}
		r.change = nil
		return acts
	}
	if r.calling {
		acts = r.after
	}
	r.after = nil
	return acts
}

func (r *rehearsal) open(index int, path string) ([]string, bool) {
	opened, err := plugin.Open(path)
	if err != nil {
		return []string{"text", err.Error()}, false
	}
	symbol, err := opened.Lookup(r.probe)
	if err != nil {
		return []string{"text", err.Error()}, false
	}
	r.releases[index].symbol = symbol
	// The new release answers with code of its own, or the host would go on with the old one and not know.
	if index == 1 && pointer(symbol) == pointer(r.releases[0].symbol) {
		return []string{"same", "true"}, true
	}
	return nil, true
}

func pointer(symbol plugin.Symbol) uintptr {
	value := reflect.ValueOf(symbol)
	if value.Kind() != reflect.Func {
		return 0
	}
	return value.Pointer()
}

// ask calls a probe; it is healthy when it gives what is expected, or, without such a word, no error, 0 or any text.
func (r *rehearsal) ask(index int) ([]string, bool) {
	fields, ok := callFunction(r.releases[index].symbol)
	if !ok {
		return []string{"text", "the probe is no function that can be called"}, false
	}
	for i := 0; i+1 < len(fields); i += 2 {
		switch fields[i] {
		case "error":
			return []string{"text", fields[i+1]}, false
		case "number":
			wanted := "0"
			if len(r.expected) > 0 {
				wanted = r.expected[0]
			}
			return fields[i : i+2], fields[i+1] == wanted
		case "text":
			return nil, len(r.expected) == 0 || fields[i+1] == r.expected[0]
		}
	}
	return nil, true
}

// call is what a host's traffic is: calls, one after the other, to whichever release is in use.
func (r *rehearsal) call() {
	defer close(r.ended)
	last := time.Now()
	for atomic.LoadInt32(&r.stopped) == 0 {
		index := atomic.LoadInt32(&r.inUse)
		if _, healthy := r.ask(int(index)); healthy {
			atomic.AddInt64(&r.releases[index].served, 1)
		} else {
			atomic.AddInt64(&r.failed, 1)
		}
		now := time.Now()
		if gap := now.Sub(last).Nanoseconds(); gap > r.longest {
			r.longest = gap
		}
		last = now
		time.Sleep(pause)
	}
}

// use sends calls to a release and waits until it has answered.
func (r *rehearsal) use(index int32) bool {
	answered := func() int64 { return atomic.LoadInt64(&r.releases[index].served) + atomic.LoadInt64(&r.failed) }
	before := answered()
	atomic.StoreInt32(&r.inUse, index)
	for waited := time.Duration(0); waited < mostWaiting; waited += pause {
		if answered()-before >= callsNeeded {
			return true
		}
		time.Sleep(pause)
	}
	return false
}

func (r *rehearsal) stop() ([]string, bool) {
	atomic.StoreInt32(&r.stopped, 1)
	<-r.ended
	number := func(value int64) string { return strconv.FormatInt(value, 10) }
	return []string{
		"servedOld", number(r.releases[0].served), "servedNew", number(r.releases[1].served),
		"failed", number(r.failed), "longestGap", number(r.longest),
	}, true
}

// resident is the memory of the process in KiB after a collection; 0 where it cannot be read.
func resident() int64 {
	runtime.GC()
	file, err := os.Open("/proc/self/statm")
	if err != nil {
		return 0
	}
	defer file.Close()
	var text [128]byte
	count, _ := file.Read(text[:])
	field, pages := 0, int64(0)
	for _, char := range text[:count] {
		if char == ' ' {
			field++
		} else if field == 1 && char >= '0' && char <= '9' {
			pages = pages*10 + int64(char-'0')
		}
	}
	return pages * int64(os.Getpagesize()) / 1024
}
