package main

import (
	"os"
	"syscall"
	"unsafe"
)

// The host's end of the channel: native/loader/protocol.h has the other, and says why it is so.
const (
	magic        = 0x706c672d67617465
	commandSize  = 24
	textSize     = 2048
	messageSize  = 96 + textSize
	kindReturned = 1
	kindResult   = 2
	kindTold     = 4

	stepStart = 1
	stepOpen  = 2
	stepProbe = 4
	stepExit  = 13
	stepList  = 14
	stepAct   = 15
)

// The stack of the main goroutine is made so large at the start that it is not moved later: where it waits is compared.
const stackLevels = 64

type channel struct{ descriptor int }

type command struct {
	nonce       uint64
	step, index uint32
}

// receive waits for the next command. It is called from one place only, so that its stack is the same each time.
//
//go:noinline
func (link channel) receive() command {
	var bytes [commandSize]byte
	for {
		count, err := syscall.Read(link.descriptor, bytes[:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || count != commandSize || number(bytes[0:8]) != magic {
			os.Exit(lostControl)
		}
		return command{number(bytes[8:16]), uint32(number(bytes[16:20])), uint32(number(bytes[20:24]))}
	}
}

// lostControl is CHILD_LOST_CONTROL of native/loader/confine.h.
const lostControl = 97

func (link channel) say(kind uint32, about command, nonce uint64, answer result, text string) {
	var message [messageSize]byte
	put(message[0:8], magic)
	put(message[8:16], nonce)
	put(message[16:20], uint64(kind))
	put(message[20:24], uint64(about.step))
	put(message[24:28], uint64(about.index))
	if answer.succeeded || answer.moved {
		put(message[28:32], 1)
	}
	copy(message[96:messageSize-1], text)
	for {
		_, err := syscall.Write(link.descriptor, message[:])
		if err == nil {
			return
		}
		if err != syscall.EINTR {
			os.Exit(lostControl)
		}
	}
}

// tell sends a line in as many pieces as it takes; the last has the word that it is.
func (link channel) tell(about command, nonce uint64, line string) {
	for len(line) > textSize-1 {
		link.say(kindTold, about, nonce, result{}, line[:textSize-1])
		line = line[textSize-1:]
	}
	link.say(kindTold, about, nonce, result{succeeded: true}, line)
}

func number(bytes []byte) (value uint64) {
	for i, one := range bytes {
		value |= uint64(one) << (8 * uint(i))
	}
	return value
}

func put(bytes []byte, value uint64) {
	for i := range bytes {
		bytes[i] = byte(value >> (8 * uint(i)))
	}
}

//go:noinline
func growStack(levels int) byte {
	var room [32768]byte
	room[levels] = byte(levels)
	if levels == 0 {
		return room[0]
	}
	return growStack(levels-1) + room[levels]
}

// place tells where the stack is; it is called from one place only.
//
//go:noinline
func place() uintptr {
	var here byte
	return uintptr(unsafe.Pointer(&here))
}
