// Command load runs Istio's own discovery server, unchanged, on a synthetic mesh
// that it changes when asked to, for measuring.
//
//	load [-address HOST:PORT] [-control HOST:PORT] [-debounce 100ms] -services N -endpoints N
//
// It prints "ready XDS-ADDRESS CONTROL-ADDRESS". The control port is that of
// bench/load/control-server.mjs, which describes it. Everything else of Istio's
// is set by its own environment variables, such as PILOT_MAX_REQUESTS_PER_SECOND.
//
// Services and endpoints are handed to the discovery server as a registry of
// Istio's hands them, once they are in its model: what reading and converting
// Kubernetes objects costs is not part of what is measured.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"

	istiogrpc "istio.io/istio/pilot/pkg/grpc"
	istioxds "istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/keepalive"
	istiolog "istio.io/istio/pkg/log"
	"istio.io/istio/pkg/monitoring"
	"istio.io/istio/pkg/test"
	pkgxds "istio.io/istio/pkg/xds"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "address to serve ADS on; port 0 takes a free one")
	controlAddress := flag.String("control", "127.0.0.1:0", "address of the control port")
	debounce := flag.Duration("debounce", 100*time.Millisecond, "quiet time before a push; 0 for none")
	services := flag.Int("services", 100, "services of the mesh")
	endpoints := flag.Int("endpoints", 10, "endpoints of each service")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*address, *controlAddress, *debounce, mesh{*services, *endpoints}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until the process is killed; it returns only when it cannot.
func run(address, controlAddress string, debounce time.Duration, m mesh) error {
	if err := silenceIstio(); err != nil {
		return err
	}
	metrics, err := monitoring.RegisterPrometheusExporter(nil, nil)
	if err != nil {
		return err
	}
	xdsListener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	controlListener, err := net.Listen("tcp", controlAddress)
	if err != nil {
		return err
	}
	return test.Wrap(func(t test.Failer) {
		r := newRegistry(istioxds.NewFakeDiscoveryServer(t, istioxds.FakeOptions{
			Services:     m.allServices(),
			DebounceTime: debounce,
		}), m)
		r.readAllEndpoints(t)
		server := grpc.NewServer(grpcOptions()...)
		r.server.Discovery.Register(server)
		go serveControl(controlListener, r, metrics)
		fmt.Println("ready", xdsListener.Addr(), controlListener.Addr())
		if err := server.Serve(xdsListener); err != nil {
			t.Fatal(err)
		}
	})
}

// grpcOptions are those of Istiod's own port; the test double's are gRPC's
// defaults.
func grpcOptions() []grpc.ServerOption {
	return istiogrpc.ServerOptions(keepalive.DefaultOption(), pkgxds.RecordRecvSize)
}

// silenceIstio keeps the log of Istio's packages out of the output.
func silenceIstio() error {
	options := istiolog.DefaultOptions()
	options.SetDefaultOutputLevel(istiolog.OverrideScopeName, istiolog.NoneLevel)
	options.OutputPaths = []string{"stderr"}
	return istiolog.Configure(options)
}
