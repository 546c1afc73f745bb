package main

import (
	"strconv"
	"unicode/utf8"
)

// report takes JSON lines, made without encoding/json, which would bring a dozen packages that must match the plugin's.
type report struct{ lines []string }

// event writes an object with an event name and fields, given as keys and values in turn.
func (out *report) event(name string, fields ...string) {
	line := []byte(`{"event":` + quote(name))
	for i := 0; i+1 < len(fields); i += 2 {
		line = append(line, ","+quote(fields[i])+":"+quote(fields[i+1])...)
	}
	out.lines = append(out.lines, string(append(line, '}')))
}

func (out *report) typeEvent(symbol, name, packagePath string, size int, layout []string) {
	line := []byte(`{"event":"type","symbol":` + quote(symbol) + `,"name":` + quote(name))
	line = append(line, `,"package":`+quote(packagePath)+`,"size":`+strconv.Itoa(size)+`,"layout":[`...)
	for i, text := range layout {
		if len(line) > mostLayout {
			break
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, quote(text)...)
	}
	out.lines = append(out.lines, string(append(line, ']', '}')))
}

// longest is how long a quoted text becomes, and mostLayout a line, before the rest is left out: a line has to be shorter
// than native/loader/report.h takes (REPORT_LINE_LIMIT).
const (
	longest    = 8192
	mostLayout = 32768
)

func quote(text string) string {
	quoted := []byte{'"'}
	for _, char := range text {
		switch {
		case len(quoted) > longest:
			return string(append(quoted, '"'))
		case char == '"' || char == '\\':
			quoted = append(quoted, '\\', byte(char))
		case char < 0x20 || char == 0x7f:
			quoted = append(quoted, `\u00`...)
			quoted = append(quoted, "0123456789abcdef"[char>>4], "0123456789abcdef"[char&15])
		default:
			var buffer [utf8.UTFMax]byte
			quoted = append(quoted, buffer[:utf8.EncodeRune(buffer[:], char)]...)
		}
	}
	return string(append(quoted, '"'))
}
