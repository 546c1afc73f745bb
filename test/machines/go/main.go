// A library in Go that needs what the Go runtime needs of the kernel: threads, timers, garbage collection.
package main

import "C"

import "runtime"

var kept [][]byte

//export health
func health() C.int {
	answers := make(chan int)
	for i := 0; i < 8; i++ {
		go func(n int) {
			kept = append([][]byte{}, make([]byte, 1<<16))
			runtime.GC()
			answers <- n
		}(i)
	}
	sum := 0
	for i := 0; i < 8; i++ {
		sum += <-answers
	}
	return C.int(sum - 28)
}

func main() {}
