// Command istiod runs Istio's own discovery server, unchanged, on a mesh
// directory instead of a Kubernetes cluster, and asks ADS servers as Envoy does.
//
//	istiod serve  [-address HOST:PORT] [-no-auto-mtls] DIR
//	              serves plaintext ADS until killed; prints "ready HOST:PORT"
//	istiod record DIR...
//	              writes DIR/expected/<proxy>.json: what Istio serves to each
//	              proxy of DIR/proxies.yaml
//	istiod client [-address HOST:PORT] [-types cds,eds] -out FOLDER DIR
//	              asks any ADS server as each proxy of DIR/proxies.yaml and
//	              writes FOLDER/<proxy>.json
//
// Exit codes: 0; 1 it failed, said on stderr; 2 the command line is wrong;
// 3 the address to listen on is taken.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	istiolog "istio.io/istio/pkg/log"
)

const usage = `usage:
  istiod serve  [-address HOST:PORT] [-no-auto-mtls] DIR
  istiod record DIR...
  istiod client [-address HOST:PORT] [-types cds,eds] -out FOLDER DIR
`

const defaultAddress = "127.0.0.1:15020"

func main() {
	if len(os.Args) < 3 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := silenceIstio(); err != nil {
		fail(err)
	}
	switch args := os.Args[2:]; os.Args[1] {
	case "serve":
		serveCommand(args)
	case "record":
		recordCommand(args)
	case "client":
		clientCommand(args)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

func serveCommand(args []string) {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	address := flags.String("address", defaultAddress, "address to serve ADS on; port 0 takes a free one")
	noAutoMTLS := flags.Bool("no-auto-mtls", false, "lay enableAutoMtls: false over the mesh configuration")
	dir := oneDirectory(flags, args)
	m, err := readMeshDirectory(dir)
	if err != nil {
		fail(err)
	}
	for _, text := range slices.Concat(m.ignored, m.refused) {
		fmt.Fprintln(os.Stderr, "left out:", text)
	}
	if *noAutoMTLS {
		m.disableAutoMTLS()
	}
	fail(serve(m, *address))
}

func recordCommand(dirs []string) {
	failed := false
	for _, dir := range dirs {
		if err := record(dir); err != nil {
			fmt.Fprintf(os.Stderr, "FAILED %s: %v\n", dir, err)
			failed = true
			continue
		}
		fmt.Println("recorded", filepath.Join(dir, "expected"))
	}
	if failed {
		os.Exit(1)
	}
}

func clientCommand(args []string) {
	flags := flag.NewFlagSet("client", flag.ExitOnError)
	address := flags.String("address", defaultAddress, "ADS server to ask, plaintext")
	out := flags.String("out", "", "folder for one JSON file for each proxy")
	types := flags.String("types", "", "types to ask for, such as cds,eds; all without it")
	dir := oneDirectory(flags, args)
	if *out == "" {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var wanted []string
	if *types != "" {
		wanted = strings.Split(*types, ",")
	}
	if err := askAsEachProxy(*address, dir, *out, wanted); err != nil {
		fail(err)
	}
}

func oneDirectory(flags *flag.FlagSet, args []string) string {
	_ = flags.Parse(args) // ends the program itself on an error
	if flags.NArg() != 1 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	return flags.Arg(0)
}

// silenceIstio keeps the log of Istio's packages out of the output: it tells of
// test doubles, not of the mesh.
func silenceIstio() error {
	options := istiolog.DefaultOptions()
	options.SetDefaultOutputLevel(istiolog.OverrideScopeName, istiolog.NoneLevel)
	options.OutputPaths = []string{"stderr"}
	return istiolog.Configure(options)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, syscall.EADDRINUSE) {
		os.Exit(3)
	}
	os.Exit(1)
}
