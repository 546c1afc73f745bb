// Package main is a handler plugin: it answers /hello and passes everything else on.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

type registerer string

// HandlerRegisterer is what the gateway looks up. Its type is declared here, in package main, and so cannot be named by the
// gateway; it asks for the method below.
var HandlerRegisterer = registerer("greeter")

// RegisterHandlers hands over the plugin's handlers by name.
func (r registerer) RegisterHandlers(register func(
	name string,
	factory func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error),
)) {
	register(string(r), newHandler)
}

func newHandler(_ context.Context, _ map[string]interface{}, next http.Handler) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hello" {
			next.ServeHTTP(w, r)
			return
		}
		fmt.Fprintf(w, "Hello, %s!", r.URL.Query().Get("name"))
	}), nil
}

// Healthy tells whether the plugin can work; the gate calls it after loading.
func Healthy() error {
	if HandlerRegisterer == "" {
		return errors.New("the handler has no name")
	}
	return nil
}

func main() {}
