// xdsload: N simulated ADS clients against any xDS v3 control plane (Istiod's plaintext port included).
//
//	xdsload -addr 127.0.0.1:15010 -n 200 -mode delta
//	xdsload -addr 127.0.0.1:15010 -n 200 -watch 60s -jsonl push.jsonl
//	xdsload -addr 127.0.0.1:15010 -n 200 -trigger './change.sh {{i}}' -trigger-type EDS -trigger-contains '10.99.0.{{i}}' -trigger-count 20
//
// Each client behaves as a sidecar: CDS (wildcard) -> EDS for every EDS cluster -> LDS (wildcard) -> RDS for every
// route name, acknowledges every response and keeps its subscriptions in step with later pushes.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

type options struct {
	addr       string
	delta      bool
	star       bool
	parallel   bool
	reconnect  bool
	resume     bool
	edsFirst   bool
	nodeAlways bool
	names      bool
	watchOnly  bool
	waitExtra  bool
	edsLimit   int
	jsonl      string
	token      string
	headers    []string
	extra      []string
	fixed      map[string][]string
	slowDelay  time.Duration
	churn      time.Duration
	churnFrac  float64
	nackTypes  map[string]bool
	nackProb   float64
	nackMax    int
	nackInit   bool
	unstall    chan struct{}
	pool       []*grpc.ClientConn
	dialOpts   []grpc.DialOption
}

type multi []string

func (m *multi) String() string     { return strings.Join(*m, ",") }
func (m *multi) Set(s string) error { *m = append(*m, s); return nil }

func (o *options) dial(rx, tx *atomic.Int64) (*grpc.ClientConn, error) {
	d := &net.Dialer{Timeout: 20 * time.Second}
	addr := o.addr
	opts := append([]grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		network, a := "tcp", addr
		if strings.HasPrefix(a, "unix:") {
			network, a = "unix", strings.TrimPrefix(a, "unix:")
		}
		c, err := d.DialContext(ctx, network, a)
		if err != nil {
			return nil, err
		}
		return countConn{c, rx, tx}, nil
	})}, o.dialOpts...)
	return grpc.NewClient("passthrough:///"+addr, opts...)
}

func subst(s string, kv ...string) string { return strings.NewReplacer(kv...).Replace(s) }

func main() {
	var o options
	o.unstall = make(chan struct{})
	addr := flag.String("addr", "127.0.0.1:15010", "xDS server host:port, or unix:/path")
	n := flag.Int("n", 10, "number of clients")
	mode := flag.String("mode", "sotw", "sotw or delta")
	wild := flag.String("wildcard", "legacy", "wildcard form for CDS and LDS: legacy (no names) or star (\"*\")")
	order := flag.String("order", "envoy", "envoy: LDS after clusters are ready; parallel: CDS and LDS at once")
	types := flag.String("types", "CDS,EDS,LDS,RDS", "types to subscribe to")
	cdsNames := flag.String("cds-names", "", "comma separated: subscribe to these clusters instead of the wildcard")
	ldsNames := flag.String("lds-names", "", "comma separated: subscribe to these listeners instead of the wildcard ({{i}} {{ip}} {{pod}} {{ns}})")
	edsLimit := flag.Int("eds-limit", 0, "subscribe to at most this many EDS names (0: all)")
	extra := flag.String("extra-types", "", "comma separated type URLs to subscribe to with a wildcard as well (e.g. Istio's NDS)")
	waitExtra := flag.Bool("wait-extra", false, "count -extra-types as needed for being fully configured")
	idT := flag.String("node-id", "sidecar~{{ip}}~{{pod}}.{{ns}}~{{ns}}.svc.cluster.local", "node id template: {{i}} {{ip}} {{pod}} {{ns}}")
	cluster := flag.String("node-cluster", "{{pod}}.{{ns}}", "node.cluster template")
	ns := flag.String("ns", "default", "namespace, or a comma separated list given to clients in turn")
	podT := flag.String("pod", "pod-{{i}}", "pod name template")
	ipBase := flag.String("ip-base", "10.0.0.0", "first client IP")
	locality := flag.String("locality", "", "region/zone/subzone")
	meta := flag.String("meta", `{"CLUSTER_ID":"Kubernetes","NAMESPACE":"{{ns}}","INSTANCE_IPS":"{{ip}}","ISTIO_VERSION":"1.31.0","MESH_ID":"cluster.local","LABELS":{"app":"{{pod}}"},"NAME":"{{pod}}"}`,
		"node metadata as JSON, or @file; templates as in -node-id")
	nodeAlways := flag.Bool("node-always", false, "send the node on every request, not only on the first")
	rate := flag.Float64("rate", 0, "clients started per second (0: all at once)")
	share := flag.Int("share", 0, "multiplex the clients over this many TCP connections (0: one each)")
	timeout := flag.Duration("timeout", 60*time.Second, "time for all clients to become fully configured")
	watch := flag.Duration("watch", 0, "stay connected this long after that, recording pushes")
	jsonl := flag.String("jsonl", "", "write one JSON line per response and event to this file (-: stdout)")
	watchOnly := flag.Bool("jsonl-watch-only", false, "no lines for the initial phase")
	names := flag.Bool("names", false, "resource names in the JSON lines")
	out := flag.String("out", "", "write the summary as JSON to this file (-: stdout instead of text)")
	check := flag.Bool("check", false, "protocol checks on each response (costs CPU: decodes routes, keeps nonces)")
	same := flag.Bool("check-same", false, "at the end, count the distinct states among the clients")
	reconnect := flag.Bool("reconnect", true, "reconnect with backoff when a stream fails")
	resume := flag.Bool("resume", true, "on reconnection say what is known (version_info / initial_resource_versions); false: as a restarted proxy")
	edsFirst := flag.Bool("eds-first", false, "on reconnection send EDS before CDS, as Envoy may")
	churn := flag.Duration("churn", 0, "drop streams after about this long and reconnect")
	churnFrac := flag.Float64("churn-frac", 1, "share of sessions that churn")
	nackF := flag.Float64("nack-clients", 0, "share of clients that NACK")
	nackT := flag.String("nack-types", "CDS,EDS,LDS,RDS", "types they NACK")
	nackP := flag.Float64("nack-prob", 1, "probability of a NACK for a response")
	nackMax := flag.Int("nack-first", 0, "instead: NACK this many responses of each type, then ACK")
	nackInit := flag.Bool("nack-init", false, "NACK from the first response on, not only once configured")
	slowF := flag.Float64("slow-clients", 0, "share of clients that read slowly")
	slowD := flag.Duration("slow-delay", 500*time.Millisecond, "their delay before each read")
	stallF := flag.Float64("stall-clients", 0, "share of clients that stop reading once configured")
	stallFor := flag.Duration("stall-for", 0, "let them read again after this long in the watch (0: never)")
	window := flag.Int("window", 0, "fixed HTTP/2 stream and connection window in bytes (>= 65536; makes stalls bite); 0: automatic")
	maxMsg := flag.Int("max-msg", 1<<30, "largest response accepted, bytes")
	ka := flag.Duration("keepalive", 0, "client keepalive ping interval (grpc-go: at least 10s); 0: none")
	tlsOn := flag.Bool("tls", false, "TLS")
	ca := flag.String("cacert", "", "CA bundle; empty with -tls: no verification")
	cert := flag.String("cert", "", "client certificate")
	key := flag.String("key", "", "client key")
	sni := flag.String("server-name", "", "TLS server name")
	token := flag.String("token", "", "bearer token, or @file")
	var headers multi
	flag.Var(&headers, "header", "extra gRPC metadata key:value (repeatable)")
	seed := flag.Uint64("seed", 1, "random seed")
	trig := flag.String("trigger", "", "shell command run in the watch phase to change the server's inputs; {{i}} is the round, from 1")
	trigURL := flag.String("trigger-url", "", "instead of -trigger: METHOD URL [body] sent from this process, without the cost of starting one ({{i}})")
	trigN := flag.Int("trigger-count", 1, "rounds")
	trigGap := flag.Duration("trigger-gap", time.Second, "pause between rounds")
	trigType := flag.String("trigger-type", "EDS", "type whose push is awaited (empty: any)")
	trigRes := flag.String("trigger-resource", "", "only resources whose name contains this ({{i}})")
	trigHas := flag.String("trigger-contains", "", "the body must contain this ({{i}})")
	trigAbsent := flag.Bool("trigger-absent", false, "await disappearance instead")
	trigWait := flag.Duration("trigger-timeout", 30*time.Second, "limit of one round")
	ctl := flag.String("ctl", "", "HTTP control address: POST /mark?label=&type=&resource=&contains=&absent=1&fire=METHOD+URL ; GET /mark?label=&wait=10s ; GET /stats ; POST /quit")
	spid := flag.String("server-pid", "", "comma separated pids: sample CPU and memory of these process trees")
	quiet := flag.Bool("q", false, "no progress on stderr")
	flag.Parse()
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	if *mode != "sotw" && *mode != "delta" || *wild != "legacy" && *wild != "star" || *order != "envoy" && *order != "parallel" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	o.addr, o.delta, o.star, o.parallel = *addr, *mode == "delta", *wild == "star", *order == "parallel"
	o.reconnect, o.resume, o.edsFirst, o.nodeAlways, o.names, o.watchOnly = *reconnect, *resume, *edsFirst, *nodeAlways, *names, *watchOnly
	o.waitExtra, o.edsLimit, o.jsonl, o.headers = *waitExtra, *edsLimit, *jsonl, headers
	o.slowDelay, o.churn, o.churnFrac = *slowD, *churn, *churnFrac
	o.nackProb, o.nackMax, o.nackInit = *nackP, *nackMax, *nackInit
	o.nackTypes = map[string]bool{}
	for _, t := range strings.Split(*nackT, ",") {
		if u, ok := longOf[strings.ToUpper(t)]; ok {
			o.nackTypes[u] = true
		} else {
			o.nackTypes[t] = true
		}
	}
	o.token = *token
	if strings.HasPrefix(o.token, "@") {
		b, err := os.ReadFile(o.token[1:])
		if err != nil {
			log.Fatal(err)
		}
		o.token = strings.TrimSpace(string(b))
	}
	creds := insecure.NewCredentials()
	if *tlsOn {
		tc := &tls.Config{ServerName: *sni, NextProtos: []string{"h2"}, InsecureSkipVerify: *ca == ""}
		if *ca != "" {
			b, err := os.ReadFile(*ca)
			if err != nil {
				log.Fatal(err)
			}
			tc.RootCAs = x509.NewCertPool()
			tc.RootCAs.AppendCertsFromPEM(b)
		}
		if *cert != "" {
			c, err := tls.LoadX509KeyPair(*cert, *key)
			if err != nil {
				log.Fatal(err)
			}
			tc.Certificates = []tls.Certificate{c}
		}
		creds = credentials.NewTLS(tc)
	}
	o.dialOpts = []grpc.DialOption{grpc.WithTransportCredentials(creds), grpc.WithStatsHandler(payloadStats{}), grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(*maxMsg), grpc.MaxCallSendMsgSize(1<<30))}
	if *window > 0 {
		o.dialOpts = append(o.dialOpts, grpc.WithInitialWindowSize(int32(*window)), grpc.WithInitialConnWindowSize(int32(*window)))
	}
	if *ka > 0 {
		o.dialOpts = append(o.dialOpts, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: *ka, Timeout: 10 * time.Second, PermitWithoutStream: true}))
	}
	metaText := *meta
	if strings.HasPrefix(metaText, "@") {
		b, err := os.ReadFile(metaText[1:])
		if err != nil {
			log.Fatal(err)
		}
		metaText = string(b)
	}
	want := map[string]bool{}
	for _, t := range strings.Split(*types, ",") {
		u := longOf[strings.ToUpper(strings.TrimSpace(t))]
		if u == "" {
			log.Fatalf("unknown type %q in -types", t)
		}
		want[u] = true
	}
	if *extra != "" {
		o.extra = strings.Split(*extra, ",")
	}
	var sharedRx, sharedTx atomic.Int64
	for i := 0; i < *share; i++ {
		cc, err := o.dial(&sharedRx, &sharedTx)
		if err != nil {
			log.Fatal(err)
		}
		o.pool = append(o.pool, cc)
	}

	base := net.ParseIP(*ipBase).To4()
	if base == nil {
		log.Fatal("-ip-base must be IPv4")
	}
	b32 := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	nss := strings.Split(*ns, ",")
	rng := rand.New(rand.NewPCG(*seed, *seed))
	pick := func(frac float64) map[int]bool {
		m := map[int]bool{}
		k := int(frac*float64(*n) + 0.5)
		if frac > 0 && k == 0 {
			k = 1
		}
		for _, i := range rng.Perm(*n)[:min(k, *n)] {
			m[i] = true
		}
		return m
	}
	slow, stall, nack := pick(*slowF), pick(*stallF), pick(*nackF)
	rec, err := newRecorder(&o, *n)
	if err != nil {
		log.Fatal(err)
	}
	var ldsT, cdsT []string
	if *ldsNames != "" {
		ldsT = strings.Split(*ldsNames, ",")
	}
	if *cdsNames != "" {
		cdsT = strings.Split(*cdsNames, ",")
	}
	clients := make([]*client, *n)
	for i := range clients {
		ipn := b32 + uint32(i) + 1
		ip := fmt.Sprintf("%d.%d.%d.%d", byte(ipn>>24), byte(ipn>>16), byte(ipn>>8), byte(ipn))
		kv := []string{"{{i}}", strconv.Itoa(i), "{{ip}}", ip, "{{ns}}", nss[i%len(nss)]}
		pod := subst(*podT, kv...)
		kv = append(kv, "{{pod}}", pod)
		md := &structpb.Struct{}
		if err := protojson.Unmarshal([]byte(subst(metaText, kv...)), md); err != nil {
			log.Fatalf("-meta: %v", err)
		}
		c := &client{idx: i, o: &o, id: subst(*idT, kv...), r: rec, st: map[string]*typeState{}, perType: map[string]*typeCount{},
			rng: rand.New(rand.NewPCG(*seed, uint64(i)+7)), slow: slow[i], stall: stall[i], nack: nack[i], check: *check}
		c.node = &core.Node{Id: c.id, Cluster: subst(*cluster, kv...), Metadata: md, UserAgentName: "envoy",
			ClientFeatures: []string{"envoy.lb.does_not_support_overprovisioning", "envoy.lrs.supports_send_all_clusters"}}
		if *locality != "" {
			p := append(strings.Split(*locality, "/"), "", "", "")
			c.node.Locality = &core.Locality{Region: p[0], Zone: p[1], SubZone: p[2]}
		}
		if i == 0 {
			o.fixed = map[string][]string{}
		}
		for u := range want {
			c.st[u] = newTypeState(u)
		}
		for _, u := range o.extra {
			c.st[u] = newTypeState(u)
		}
		for _, x := range cdsT {
			c.st[typeCDS].names[subst(x, kv...)] = struct{}{}
		}
		for _, x := range ldsT {
			c.st[typeLDS].names[subst(x, kv...)] = struct{}{}
		}
		for _, t := range c.st {
			t.nackLeft = *nackMax
		}
		clients[i] = c
	}
	o.fixed[typeCDS], o.fixed[typeLDS] = cdsT, ldsT

	ctx, cancel := context.WithCancel(context.Background())
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, os.Interrupt, syscall.SIGTERM)
	quit := make(chan struct{})
	var quitOnce sync.Once
	stopNow := func() { quitOnce.Do(func() { close(quit) }) }
	go func() { <-sig; stopNow() }()

	ps := &procSampler{marks: map[string]float64{}}
	for _, s := range strings.Split(*spid, ",") {
		if p, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
			ps.roots = append(ps.roots, p)
		}
	}
	psStop := make(chan struct{})
	ps.base, _ = ps.read()
	go ps.run(psStop)

	if *ctl != "" {
		serveCtl(*ctl, rec, clients, stopNow)
	}
	say := func(f string, a ...any) {
		if !*quiet {
			log.Printf(f, a...)
		}
	}

	// start
	var wg sync.WaitGroup
	rec.start = time.Now()
	go func() {
		for i, c := range clients {
			if *rate > 0 {
				due := rec.start.Add(time.Duration(float64(i) / *rate * float64(time.Second)))
				select {
				case <-time.After(time.Until(due)):
				case <-ctx.Done():
					return
				}
			}
			wg.Add(1)
			go func() { defer wg.Done(); c.run(ctx) }()
		}
	}()
	limit := time.After(*timeout + func() time.Duration {
		if *rate > 0 {
			return time.Duration(float64(*n) / *rate * float64(time.Second))
		}
		return 0
	}())
	tick := time.NewTicker(2 * time.Second)
	interrupted := false
waiting:
	for {
		select {
		case <-rec.allCfg:
			break waiting
		case <-limit:
			break waiting
		case <-quit:
			interrupted = true
			break waiting
		case <-tick.C:
			say("configured %d/%d", rec.nCfg.Load(), *n)
		}
	}
	initTook := time.Since(rec.start)
	cpuInit, _ := ps.read()
	cpuInit -= ps.base
	say("initial phase over: %d/%d configured in %.1f ms", rec.nCfg.Load(), *n, ms(initTook))
	incomplete := map[string]int{}
	for _, c := range clients {
		if c.configured.Load() == 0 {
			incomplete[c.why()]++
		}
	}
	rec.phase.Store(1)
	initTypes := tally(clients)
	var rxInit int64
	for _, c := range clients {
		rxInit += c.rxBytes.Load()
	}
	rxInit += sharedRx.Load()

	// watch
	if !interrupted && (*watch > 0 || *trig != "" || *trigURL != "") {
		end := time.After(*watch)
		if *watch == 0 {
			end = nil
		}
		if *stallFor > 0 {
			time.AfterFunc(*stallFor, func() { close(o.unstall) })
		}
		trigDone := make(chan struct{})
		haveTrig := *trig != "" || *trigURL != ""
		if haveTrig {
			go func() {
				defer close(trigDone)
				for k := 1; k <= *trigN; k++ {
					is := strconv.Itoa(k)
					m := &mark{Label: "trigger-" + is, Type: *trigType, Resource: subst(*trigRes, "{{i}}", is),
						Contains: subst(*trigHas, "{{i}}", is), Absent: *trigAbsent}
					rec.addMark(m, clients)
					var err error
					if *trigURL != "" {
						err = fire(subst(*trigURL, "{{i}}", is))
					} else {
						cmd := exec.Command("/bin/sh", "-c", subst(*trig, "{{i}}", is))
						cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
						if *quiet {
							cmd.Stdout = nil
						}
						err = cmd.Run()
					}
					m.t1 = time.Now()
					if err != nil {
						log.Printf("trigger %d: %v", k, err)
					}
					select {
					case <-m.done:
					case <-time.After(*trigWait):
					case <-quit:
						return
					}
					res := rec.endMark(m, clients)
					say("trigger %d: reached %d/%d, %v", k, res["clients"].(int)-res["missing"].(int), res["clients"], res["latency_ms"])
					select {
					case <-time.After(*trigGap):
					case <-quit:
						return
					}
				}
			}()
		}
		if haveTrig && *watch == 0 {
			select {
			case <-trigDone:
			case <-quit:
			}
		} else {
			select {
			case <-end:
			case <-quit:
			}
		}
	}
	total := time.Since(rec.start)
	stillUp := 0
	for _, c := range clients {
		if c.connected.Load() {
			stillUp++
		}
	}
	digests := map[string]int{}
	if *same {
		for _, c := range clients {
			digests[c.digest()]++
		}
	}
	if *check {
		for _, c := range clients {
			c.mu.Lock()
			if e := c.st[typeEDS]; e != nil {
				for name, since := range e.warming {
					if time.Since(since) > 3*time.Second {
						rec.anomaly("cluster_updated_without_eds", c.idx, name)
					}
				}
			}
			c.mu.Unlock()
		}
	}
	cpuAll, memNow := ps.read()
	cpuAll -= ps.base
	close(psStop)
	cancel()
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
	rec.close()

	var rx, tx int64
	for _, c := range clients {
		rx += c.rxBytes.Load()
		tx += c.txBytes.Load()
	}
	rx += sharedRx.Load()
	tx += sharedTx.Load()
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	sum := map[string]any{
		"addr": *addr, "mode": *mode, "clients": *n, "configured": rec.nCfg.Load(), "connected_at_end": stillUp,
		"init_ms": ms(initTook), "total_ms": ms(total),
		"configured_ms": distOf(rec.toCfg), "first_response_ms": distOf(rec.toFirst), "stream_open_ms": distOf(rec.toStream), "reconfigured_ms": distOf(rec.reCfg),
		"rx_bytes": rx, "tx_bytes": tx, "rx_bytes_init": rxInit, "types": tally(clients), "types_init": initTypes,
		"incomplete": incomplete, "stream_errors": rec.streamErrs, "stream_error_samples": rec.errSamples, "reconnects": rec.reconnects.Load(),
		"anomalies": rec.anomalies, "anomaly_samples": rec.samples, "marks": rec.results,
		"self": map[string]any{"cpu_s": float64(ru.Utime.Sec+ru.Stime.Sec) + float64(ru.Utime.Usec+ru.Stime.Usec)/1e6, "max_rss_mb": ru.Maxrss / 1024, "procs": runtime.GOMAXPROCS(0)},
	}
	if *same {
		sum["distinct_states"] = len(digests)
		sum["states"] = digests
	}
	if len(ps.roots) > 0 {
		ps.mu.Lock()
		sum["server"] = map[string]any{"cpu_init_s": cpuInit, "cpu_total_s": cpuAll, "peak_rss_mb": ps.peak >> 20, "rss_mb": memNow >> 20}
		ps.mu.Unlock()
	}
	if *out != "" {
		b, _ := json.MarshalIndent(sum, "", " ")
		if *out == "-" {
			fmt.Println(string(b))
		} else if err := os.WriteFile(*out, append(b, '\n'), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	if *out != "-" {
		text(sum, rec, clients, initTypes)
	}
	if rec.nCfg.Load() != int64(*n) || len(rec.anomalies) > 0 {
		os.Exit(1)
	}
}

func tally(clients []*client) map[string]*typeCount {
	t := map[string]*typeCount{}
	for _, c := range clients {
		c.mu.Lock()
		for u, x := range c.perType {
			s := short(u)
			if t[s] == nil {
				t[s] = &typeCount{}
			}
			y := t[s]
			y.Responses += x.Responses
			y.Resources += x.Resources
			y.Removed += x.Removed
			y.Bytes += x.Bytes
			y.Wire += x.Wire
			y.Nacks += x.Nacks
			y.Empty += x.Empty
			y.Redundant += x.Redundant
		}
		c.mu.Unlock()
	}
	return t
}

func text(sum map[string]any, rec *recorder, clients []*client, initTypes map[string]*typeCount) {
	p := fmt.Printf
	p("%s %s: %d of %d clients fully configured in %.0f ms; %d connected at the end\n", sum["mode"], sum["addr"], sum["configured"], sum["clients"], sum["init_ms"], sum["connected_at_end"])
	p("  dial to configured ms  %v\n", sum["configured_ms"])
	p("  dial to first resp ms  %v\n", sum["first_response_ms"])
	if d := sum["reconfigured_ms"].(dist); d.N > 0 {
		p("  reconfigured ms        %v\n", d)
	}
	p("  received %.2f MB on TCP (%.2f MB in the initial phase, %.1f kB a client), sent %.2f MB\n", float64(sum["rx_bytes"].(int64))/1e6,
		float64(sum["rx_bytes_init"].(int64))/1e6, float64(sum["rx_bytes_init"].(int64))/1e3/float64(len(clients)), float64(sum["tx_bytes"].(int64))/1e6)
	all := sum["types"].(map[string]*typeCount)
	p("  %-6s %10s %10s %10s %8s %12s %7s %7s %9s\n", "type", "responses", "(initial)", "resources", "removed", "bytes", "nacks", "empty", "redundant")
	order := []string{"CDS", "EDS", "LDS", "RDS"}
	for k := range all {
		if longOf[k] == "" {
			order = append(order, k)
		}
	}
	for _, k := range order {
		if x := all[k]; x != nil {
			var in int64
			if initTypes[k] != nil {
				in = initTypes[k].Responses
			}
			p("  %-6s %10d %10d %10d %8d %12d %7d %7d %9d\n", k, x.Responses, in, x.Resources, x.Removed, x.Bytes, x.Nacks, x.Empty, x.Redundant)
		}
	}
	if m, ok := sum["server"].(map[string]any); ok {
		p("  server: cpu %.2f s (%.2f s initial), peak rss %d MB, now %d MB\n", m["cpu_total_s"], m["cpu_init_s"], m["peak_rss_mb"], m["rss_mb"])
	}
	s := sum["self"].(map[string]any)
	p("  load generator: cpu %.2f s, max rss %d MB\n", s["cpu_s"], s["max_rss_mb"])
	for k, v := range sum["incomplete"].(map[string]int) {
		p("  INCOMPLETE %d clients: %s\n", v, k)
	}
	for k, v := range rec.streamErrs {
		p("  stream error %s x%d: %s\n", k, v, rec.errSamples[k])
	}
	if r := sum["reconnects"].(int64); r > 0 {
		p("  reconnects: %d\n", r)
	}
	for k, v := range rec.anomalies {
		p("  ANOMALY %s x%d: %s\n", k, v, strings.Join(rec.samples[k], " | "))
	}
	if d, ok := sum["distinct_states"]; ok {
		p("  distinct client states: %v\n", d)
	}
	for _, m := range rec.results {
		mk := m["mark"].(*mark)
		p("  mark %s (%s): reached %d/%d ms %v", mk.Label, mk.Type, m["clients"].(int)-m["missing"].(int), m["clients"], m["latency_ms"])
		if x, ok := m["latency_after_trigger_ms"]; ok {
			p("; after the command (%.0f ms) %v", m["trigger_ms"], x)
		}
		p("\n")
	}
	if len(rec.results) > 1 { // all rounds together
		var p50, p99, mx []float64
		miss := 0
		for _, m := range rec.results {
			d := m["latency_ms"].(dist)
			if d.N > 0 {
				p50, p99, mx = append(p50, d.P50), append(p99, d.P99), append(mx, d.Max)
			}
			miss += m["missing"].(int)
		}
		p("  over %d rounds: median of p50 %.1f, median of p99 %.1f, worst %.1f ms; missed %d\n", len(rec.results), distOf(p50).P50, distOf(p99).P50, distOf(mx).Max, miss)
	}
}

// fire sends "METHOD URL [body]".
func fire(spec string) error {
	f := strings.SplitN(spec, " ", 3)
	if len(f) < 2 {
		return fmt.Errorf("-trigger-url: want METHOD URL [body], got %q", spec)
	}
	body := ""
	if len(f) == 3 {
		body = f[2]
	}
	req, err := http.NewRequest(f[0], f[1], strings.NewReader(body))
	if err != nil {
		return err
	}
	if body != "" {
		req.Header.Set("content-type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", f[1], res.Status)
	}
	return nil
}

func serveCtl(addr string, rec *recorder, clients []*client, stop func()) {
	var mu sync.Mutex
	open := map[string]*mark{}
	mux := http.NewServeMux()
	mux.HandleFunc("/mark", func(w http.ResponseWriter, r *http.Request) {
		label := r.FormValue("label")
		if r.Method == http.MethodPost {
			m := &mark{Label: label, Type: r.FormValue("type"), Resource: r.FormValue("resource"), Contains: r.FormValue("contains"), Absent: r.FormValue("absent") != ""}
			mu.Lock()
			open[label] = m
			mu.Unlock()
			rec.addMark(m, clients)
			if change := r.FormValue("fire"); change != "" {
				err := fire(change)
				m.t1 = time.Now()
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadGateway)
					return
				}
			}
			fmt.Fprintln(w, "ok")
			return
		}
		mu.Lock()
		m := open[label]
		delete(open, label)
		mu.Unlock()
		if m == nil {
			http.Error(w, "no such mark", 404)
			return
		}
		d, err := time.ParseDuration(r.FormValue("wait"))
		if err != nil {
			d = 10 * time.Second
		}
		select {
		case <-m.done:
		case <-time.After(d):
		}
		json.NewEncoder(w).Encode(rec.endMark(m, clients))
	})
	mux.HandleFunc("/stats", func(w http.ResponseWriter, r *http.Request) {
		up := 0
		for _, c := range clients {
			if c.connected.Load() {
				up++
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"configured": rec.nCfg.Load(), "connected": up, "types": tally(clients)})
	})
	mux.HandleFunc("/quit", func(w http.ResponseWriter, r *http.Request) { stop() })
	l, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(l, mux)
}
