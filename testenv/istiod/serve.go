package main

import (
	"fmt"
	"net"
	"time"

	istioxds "istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/test"
)

// debounce is the quiet time before a push, Istio's default.
const debounce = 100 * time.Millisecond

// start starts Istio's discovery server and returns its address once it has
// read everything. It ends with t.
func start(t test.Failer, m *meshDirectory, listener net.Listener) string {
	m.options.ListenerBuilder = func() (net.Listener, error) { return listener, nil }
	istioxds.NewFakeDiscoveryServer(t, m.options)
	return listener.Addr().String()
}

// serve serves until the process is killed; it returns only when it cannot.
func serve(m *meshDirectory, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	m.options.DebounceTime = debounce
	return test.Wrap(func(t test.Failer) {
		fmt.Println("ready", start(t, m, listener))
		select {}
	})
}
