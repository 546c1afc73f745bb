import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { writeTree } from '../support/workspace.ts';

/**
 * One Go plugin that does what PLUGIN_DEED in its environment says: in its init function, or, for `probe:...`, in its probe.
 * Building one is slow, so there is one for all.
 */
const SOURCE = `package main

/*
#cgo CFLAGS: -D_GNU_SOURCE
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

// Writes to code of libc, and hides that it was writable.
static void patch(void) {
  unsigned char *code = dlsym(RTLD_DEFAULT, "strcoll");
  void *page = (void *)((uintptr_t)code & ~(uintptr_t)4095);
  mprotect(page, 8192, 7);
  *(volatile unsigned char *)code = *code;
  mprotect(page, 8192, 5);
}
*/
import "C"

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func init() { carryOut("") }

func Probe() int {
	carryOut("probe:")
	return 0
}

func main() {}

func carryOut(prefix string) {
	deed := os.Getenv("PLUGIN_DEED")
	if prefix == "" && strings.HasPrefix(deed, "probe:") || !strings.HasPrefix(deed, prefix) {
		return
	}
	if do, ok := deeds[strings.TrimPrefix(deed, prefix)]; ok {
		do()
	}
}

var deeds = map[string]func(){
	"nothing":  func() {},
	"packet":   func() { net.Dial("udp", "192.0.2.1:53") },
	"shadow":   readSecret,
	"program":  func() { exec.Command("/bin/true").Run() },
	"become":   func() { syscall.Exec("/bin/true", []string{"true"}, nil) },
	"again":    func() { syscall.Exec("/proc/self/exe", os.Args, nil) },
	"leave":    leave,
	"parent":   func() { syscall.Kill(syscall.Getppid(), syscall.SIGKILL) },
	"exit":     func() { os.Exit(0) },
	"crash":    func() { var m map[string]int; m["x"] = 1 },
	"fault":    func() { *(*int)(unsafe.Pointer(uintptr(8))) = 1 },
	"hang":     func() { select {} },
	"spin":     func() { for {} },
	"stop":     func() { syscall.Kill(syscall.Getpid(), syscall.SIGSTOP) },
	"write":    writeEverywhere,
	"play":     func() { playHost(false) },
	"babble":   func() { playHost(true) },
	"close":    func() { for fd := 3; fd < 4096; fd++ { syscall.Close(fd) } },
	"map":      func() { syscall.Mmap(-1, 0, 100<<30, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE) },
	"memory":   eatMemory,
	"disk":     fillDisk,
	"commands": func() { fmt.Print("::error::owned\\n::set-output name=verdict::pass\\n") },
	"patch":    func() { C.patch() },
	"jit":      func() { syscall.Mmap(-1, 0, 4096, 7, syscall.MAP_PRIVATE|syscall.MAP_ANON) },
	"stdin":    func() { syscall.Close(0) },
	"ring":     func() { syscall.Syscall(425, 8, 0, 0) },
	"memfd":    func() { name := []byte("code\\x00"); syscall.Syscall(MEMFD, uintptr(unsafe.Pointer(&name[0])), 0, 0) },
	"trace":    func() { syscall.PtraceAttach(1) },
	"limits":   func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 40, Max: 1 << 40}) },
	"thread":   func() { go func() { runtime.LockOSThread(); readSecret() }(); time.Sleep(50 * time.Millisecond) },
	"honest":   honest,
}

//go:noinline
func readSecret() { os.ReadFile("/etc/shadow") }

func leave() {
	child, _, _ := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	for child == 0 {
		syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}

const lie = "{\\"event\\":\\"open\\",\\"time\\":1,\\"opened\\":true}\\n{\\"event\\":\\"done\\",\\"time\\":2}\\n"

func writeEverywhere() {
	for fd := 0; fd < 4096; fd++ {
		syscall.SetNonblock(fd, true)
		syscall.Write(fd, []byte(lie))
	}
	os.Exit(0)
}

// playHost says in the host's place that the plugin was opened, and goes on in its name, or tells lines without end.
func playHost(babble bool) {
	fd := 0
	for ; fd < 4096; fd++ {
		if target, _ := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd)); strings.HasPrefix(target, "socket:") {
			break
		}
	}
	for step := byte(2); ; {
		var message [96 + 2048]byte
		var command [24]byte
		copy(message[:], "etag-glp")
		message[16], message[20] = 1, step
		syscall.Write(fd, message[:])
		syscall.Read(fd, command[:])
		copy(message[8:16], command[8:16])
		for message[16], message[28] = 4, 1; babble; {
			copy(message[96:], strings.Repeat("x", 2000))
			syscall.Write(fd, message[:])
		}
		message[16], message[28] = 2, 1
		syscall.Write(fd, message[:])
		syscall.Read(fd, command[:])
		step = command[16]
		message = [96 + 2048]byte{}
		if step == 13 {
			syscall.Exit(0)
		}
	}
}

func eatMemory() {
	var kept [][]byte
	for {
		kept = append(kept, make([]byte, 64<<20))
	}
}

func fillDisk() {
	file, err := os.Create("big")
	if err != nil {
		return
	}
	for block := make([]byte, 1<<20); err == nil; {
		_, err = file.Write(block)
	}
}

// honest is what a Go plugin may do.
func honest() {
	answers := make(chan int)
	for i := 0; i < 20; i++ {
		go func(i int) {
			time.Sleep(time.Duration(i) * time.Millisecond)
			answers <- len(strings.Repeat(strconv.Itoa(i), 100000))
		}(i)
	}
	sum := 0
	for i := 0; i < 20; i++ {
		sum += <-answers
	}
	runtime.GC()
	C.free(C.malloc(100))
	net.ParseIP("192.0.2.1")
	os.Stat("/etc/shadow")
	os.Open("greet.conf")
	time.LoadLocation("Europe/Paris")
	if now := time.Now(); sum == 0 || now.IsZero() {
		panic("impossible")
	}
}
`;

const MEMFD = { x64: 319, arm64: 279 } as const;

/** Another machine than this one. */
interface Target {
  /** Of memfd_create. */
  readonly number: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param flags of `go build` besides
 * @param more Go source besides
 */
export function buildGoPlugin(
  directory: string,
  name = 'deeds',
  flags: readonly string[] = [],
  more = '',
  target: Target = { number: process.arch === 'arm64' ? MEMFD.arm64 : MEMFD.x64, environment: {} },
): string {
  writeTree(join(directory, name), {
    'main.go': `${SOURCE}\nconst MEMFD = ${target.number}\n${more}`,
    'go.mod': 'module example.com/deeds\n\ngo 1.19\n',
  });
  const file = join(directory, `${name}.so`);
  const words = ['build', '-buildmode=plugin', '-buildvcs=false', '-ldflags=-s -w', ...flags, '-o', file, 'main.go'];
  execFileSync('go', words, {
    cwd: join(directory, name),
    stdio: 'pipe',
    env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '', ...target.environment },
  });
  return file;
}
