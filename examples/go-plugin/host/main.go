// Command gateway is a small HTTP gateway that takes handlers from Go plugins, with the interface that KrakenD uses:
//
//	gateway PLUGIN URL
//
// opens the plugin, sends one request through its handler and prints the answer.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"plugin"
)

// handlerFactory makes a handler that may pass requests on to the next one.
type handlerFactory = func(ctx context.Context, extra map[string]interface{}, next http.Handler) (http.Handler, error)

// registerer is what a plugin exports as HandlerRegisterer.
type registerer interface {
	RegisterHandlers(func(name string, factory func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error)))
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: gateway PLUGIN URL")
	}
	opened, err := plugin.Open(args[0])
	if err != nil {
		return err
	}
	symbol, err := opened.Lookup("HandlerRegisterer")
	if err != nil {
		return err
	}
	// The check of types is this assertion; plugin.Open knows nothing of it.
	plugged, ok := symbol.(registerer)
	if !ok {
		return fmt.Errorf("HandlerRegisterer is %T, which has no RegisterHandlers", symbol)
	}
	var factories []handlerFactory
	plugged.RegisterHandlers(func(_ string, factory func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error)) {
		factories = append(factories, factory)
	})
	var handler http.Handler = http.NotFoundHandler()
	for _, factory := range factories {
		if handler, err = factory(context.Background(), nil, handler); err != nil {
			return err
		}
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, args[1], nil))
	fmt.Fprintf(out, "%d %s\n", answer.Code, answer.Body)
	return nil
}
