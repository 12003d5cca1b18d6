package main

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"net"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const typeWrapped = "type.googleapis.com/envoy.service.discovery.v3.Resource"

type resState struct {
	version string // delta: the resource's version
	p       *parsed
}

type typeState struct {
	url        string
	started    bool
	wildcard   bool
	names      map[string]struct{} // explicit subscription
	waiting    map[string]struct{} // explicitly subscribed, never answered
	missing    map[string]struct{} // delta: answered by removed_resources
	have       map[string]resState
	version    string // SotW: last accepted version; survives reconnection
	nonce      string // last nonce on this stream
	answered   bool
	seen       map[string]struct{} // nonces of this stream (-check)
	lastSum    uint64
	nackLeft   int
	lastNack   time.Time
	lastNacked uint64 // the content of the response that was refused last
	nackRun    int
	warming    map[string]time.Time // EDS: clusters updated by CDS after having been warmed (-check)
}

func newTypeState(url string) *typeState {
	return &typeState{url: url, names: map[string]struct{}{}, waiting: map[string]struct{}{}, missing: map[string]struct{}{},
		have: map[string]resState{}, seen: map[string]struct{}{}, warming: map[string]time.Time{}}
}

// full tells whether a SotW response of the type carries the whole set.
func (t *typeState) full() bool { return t.url == typeCDS || t.url == typeLDS || t.wildcard }

type client struct {
	idx   int
	o     *options
	node  *core.Node
	id    string
	st    map[string]*typeState
	r     *recorder
	rng   *rand.Rand
	slow  bool // delays each read
	stall bool // stops reading once configured
	nack  bool
	check bool

	dialStart  time.Time
	streamAt   time.Time
	firstResp  time.Time
	configured atomic.Int64 // unix nanos of the first time fully configured; 0: not yet
	sessCfg    time.Time    // configured in this session
	sessions   int
	rxBytes    atomic.Int64 // TCP bytes read
	txBytes    atomic.Int64
	lastLen    int
	lastWire   int
	connected  atomic.Bool
	final      string // why it is incomplete

	perType map[string]*typeCount
	mu      sync.Mutex // guards perType, lastErr and reading the state at the end
	lastErr string
}

type typeCount struct {
	Responses, Resources, Removed, Bytes, Wire, Nacks, Empty, Redundant int64
}

type countConn struct {
	net.Conn
	rx, tx *atomic.Int64
}

func (c countConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.rx.Add(int64(n))
	return n, err
}

func (c countConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.tx.Add(int64(n))
	return n, err
}

type ctxKey struct{}
type payloadStats struct{}

func (payloadStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (payloadStats) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		if c, ok := ctx.Value(ctxKey{}).(*client); ok {
			c.lastLen, c.lastWire = in.Length, in.WireLength // same goroutine as Recv
		}
	}
}
func (payloadStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (payloadStats) HandleConn(context.Context, stats.ConnStats)                       {}

func (c *client) resetState() {
	for u := range c.st {
		c.st[u] = newTypeState(u)
		c.st[u].nackLeft = c.o.nackMax
		for _, n := range c.o.fixed[u] {
			c.st[u].names[n] = struct{}{}
		}
	}
}

// run keeps the client going until ctx ends.
func (c *client) run(ctx context.Context) {
	backoff := 100 * time.Millisecond
	for {
		began := time.Now()
		err := c.session(ctx)
		c.connected.Store(false)
		if ctx.Err() != nil {
			return
		}
		churned := errors.Is(err, errChurn)
		if !churned {
			code := status.Code(err)
			msg := fmt.Sprint(err)
			c.mu.Lock()
			c.lastErr = msg
			c.mu.Unlock()
			c.r.streamError(code.String(), c.idx, msg)
			if !c.o.reconnect {
				return
			}
		}
		if time.Since(began) > 5*time.Second || churned {
			backoff = 100 * time.Millisecond
		}
		d := time.Duration(float64(backoff) * (0.5 + c.rng.Float64()))
		if churned {
			d = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(d):
		}
		if backoff < 5*time.Second {
			backoff *= 2
		}
		c.r.reconnects.Add(1)
	}
}

var errChurn = errors.New("churn")

type outq struct {
	mu   sync.Mutex
	q    []any
	wake chan struct{}
}

func (q *outq) put(m any) {
	q.mu.Lock()
	q.q = append(q.q, m)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *outq) take() []any {
	q.mu.Lock()
	x := q.q
	q.q = nil
	q.mu.Unlock()
	return x
}

type session struct {
	c    *client
	out  *outq
	node bool // node sent on this stream
}

func (c *client) session(parent context.Context) error {
	c.sessions++
	c.dialStart = time.Now()
	c.sessCfg, c.firstResp = time.Time{}, time.Time{}
	var cc *grpc.ClientConn
	var err error
	if c.o.pool != nil {
		cc = c.o.pool[c.idx%len(c.o.pool)]
	} else {
		cc, err = c.o.dial(&c.rxBytes, &c.txBytes)
		if err != nil {
			return err
		}
		defer cc.Close()
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(parent, ctxKey{}, c))
	defer cancel(nil)
	if c.o.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.o.token)
	}
	for _, h := range c.o.headers {
		k, v, _ := strings.Cut(h, ":")
		ctx = metadata.AppendToOutgoingContext(ctx, k, strings.TrimSpace(v))
	}
	stub := discovery.NewAggregatedDiscoveryServiceClient(cc)
	var recv func() (any, error)
	var send func(any) error
	if c.o.delta {
		s, err := stub.DeltaAggregatedResources(ctx, grpc.WaitForReady(true))
		if err != nil {
			return err
		}
		recv = func() (any, error) { return s.Recv() }
		send = func(m any) error { return s.Send(m.(*discovery.DeltaDiscoveryRequest)) }
	} else {
		s, err := stub.StreamAggregatedResources(ctx, grpc.WaitForReady(true))
		if err != nil {
			return err
		}
		recv = func() (any, error) { return s.Recv() }
		send = func(m any) error { return s.Send(m.(*discovery.DiscoveryRequest)) }
	}
	c.streamAt = time.Now()
	c.connected.Store(true)
	s := &session{c: c, out: &outq{wake: make(chan struct{}, 1)}}
	go func() {
		for {
			for _, m := range s.out.take() {
				if err := send(m); err != nil {
					return // Recv reports the real error
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-s.out.wake:
			}
		}
	}()
	if c.o.churn > 0 && c.rng.Float64() < c.o.churnFrac {
		d := time.Duration(float64(c.o.churn) * (0.5 + c.rng.Float64()))
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case <-time.After(d):
				}
				if c.configured.Load() != 0 { // not before it was configured once
					cancel(errChurn)
					return
				}
			}
		}()
	}
	c.mu.Lock()
	if c.sessions > 1 && !c.o.resume { // a restarted proxy: nothing is remembered
		c.resetState()
	}
	for _, t := range c.st {
		t.started, t.nonce, t.answered = false, "", false
		t.seen = map[string]struct{}{}
		t.waiting = map[string]struct{}{}
		t.missing = map[string]struct{}{}
		for n := range t.names {
			if _, ok := t.have[n]; !ok { // what it has, the server need not send again
				t.waiting[n] = struct{}{}
			}
		}
	}
	s.start()
	s.progress(time.Now())
	c.mu.Unlock()
	for {
		if c.slow {
			time.Sleep(c.o.slowDelay)
		}
		if c.stall && c.configured.Load() != 0 {
			select {
			case <-ctx.Done():
				if context.Cause(ctx) == errChurn {
					return errChurn
				}
				return ctx.Err()
			case <-c.o.unstall:
				c.stall = false
			}
		}
		m, err := recv()
		now := time.Now()
		if err != nil {
			if context.Cause(ctx) == errChurn {
				return errChurn
			}
			if err == io.EOF {
				return status.Error(codes.OK, "stream closed by the server with OK status")
			}
			return err
		}
		if c.firstResp.IsZero() {
			c.firstResp = now
		}
		c.mu.Lock()
		switch r := m.(type) {
		case *discovery.DiscoveryResponse:
			s.onSotw(r, now)
		case *discovery.DeltaDiscoveryResponse:
			s.onDelta(r, now)
		}
		s.progress(now)
		c.mu.Unlock()
	}
}

// start sends the first request (or requests).
func (s *session) start() {
	c := s.c
	if c.sessions > 1 && c.o.edsFirst { // Envoy may send EDS before CDS when it reconnects
		if e := c.st[typeEDS]; e != nil && len(e.names) > 0 {
			s.subscribe(e)
		}
	}
	s.begin(typeCDS)
	if c.o.parallel || c.st[typeCDS] == nil || c.sessions > 1 {
		s.begin(typeLDS)
	}
	if c.sessions > 1 {
		for _, u := range []string{typeEDS, typeRDS} {
			if t := c.st[u]; t != nil && !t.started && len(t.names) > 0 {
				s.subscribe(t)
			}
		}
	}
	for _, u := range c.o.extra {
		s.begin(u)
	}
}

// begin opens a root type: wildcard, unless names were given by flag.
func (s *session) begin(url string) {
	t := s.c.st[url]
	if t == nil || t.started {
		return
	}
	if len(t.names) == 0 {
		t.wildcard = true
	}
	s.subscribe(t)
}

func sortedNames(m map[string]struct{}) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

func (s *session) takeNode() *core.Node {
	if s.node && !s.c.o.nodeAlways {
		return nil
	}
	s.node = true
	return s.c.node
}

func (t *typeState) sotwNames(star bool) []string {
	if t.wildcard {
		if star {
			return append([]string{"*"}, sortedNames(t.names)...)
		}
		return nil
	}
	return sortedNames(t.names)
}

// subscribe sends the first request of the type on this stream, with what is known from earlier streams.
func (s *session) subscribe(t *typeState) {
	first := !t.started
	t.started = true
	if s.c.o.delta {
		if !first {
			return
		}
		r := &discovery.DeltaDiscoveryRequest{Node: s.takeNode(), TypeUrl: t.url, ResourceNamesSubscribe: t.sotwNames(s.c.o.star)}
		if len(t.have) > 0 && s.c.o.resume {
			r.InitialResourceVersions = make(map[string]string, len(t.have))
			for n, h := range t.have {
				r.InitialResourceVersions[n] = h.version
			}
		}
		s.out.put(r)
		return
	}
	r := &discovery.DiscoveryRequest{Node: s.takeNode(), TypeUrl: t.url, ResourceNames: t.sotwNames(s.c.o.star), ResponseNonce: t.nonce}
	if s.c.o.resume || !first {
		r.VersionInfo = t.version
	}
	s.out.put(r)
}

// setNames moves an explicitly subscribed type to a new set of names.
func (s *session) setNames(url string, want map[string]struct{}) {
	t := s.c.st[url]
	if t == nil {
		return
	}
	var add, del []string
	for n := range want {
		if _, ok := t.names[n]; !ok {
			add = append(add, n)
		}
	}
	for n := range t.names {
		if _, ok := want[n]; !ok {
			del = append(del, n)
		}
	}
	if len(add) == 0 && len(del) == 0 && (t.started || len(want) == 0) {
		return
	}
	for _, n := range del {
		delete(t.names, n)
		delete(t.waiting, n)
		delete(t.missing, n)
		delete(t.have, n)
		delete(t.warming, n)
	}
	for _, n := range add {
		t.names[n] = struct{}{}
		t.waiting[n] = struct{}{}
	}
	if !t.started {
		if len(t.names) > 0 {
			s.subscribe(t)
		}
		return
	}
	if s.c.o.delta {
		sort.Strings(add)
		sort.Strings(del)
		s.out.put(&discovery.DeltaDiscoveryRequest{Node: s.takeNode(), TypeUrl: url, ResourceNamesSubscribe: add, ResourceNamesUnsubscribe: del})
		return
	}
	s.subscribe(t)
}

func (s *session) shouldNack(t *typeState) bool {
	c := s.c
	if !c.nack || !c.o.nackTypes[t.url] {
		return false
	}
	if !c.o.nackInit && c.configured.Load() == 0 {
		return false
	}
	if c.o.nackMax > 0 {
		if t.nackLeft <= 0 {
			return false
		}
		t.nackLeft--
		return true
	}
	return c.rng.Float64() < c.o.nackProb
}

var nackDetail = &rpcstatus.Status{Code: int32(codes.InvalidArgument), Message: "xdsload: injected NACK"}

// noteNack finds a server that answers each NACK with the same again.
func (s *session) noteNack(t *typeState, content uint64, now time.Time) {
	if content == t.lastNacked && now.Sub(t.lastNack) < 100*time.Millisecond {
		if t.nackRun++; t.nackRun == 5 {
			s.c.r.anomaly("nack_resend_loop", s.c.idx, short(t.url))
		}
	} else {
		t.nackRun = 0
	}
	t.lastNacked, t.lastNack = content, now
}

// sumOf tells the content of a response; the order of its resources does not matter.
func sumOf[R proto.Message](resources []R, body func(R) []byte) uint64 {
	var sum uint64
	for _, r := range resources {
		sum += maphash.Bytes(hseed, body(r)) * 1099511628211
	}
	return sum
}

func (s *session) count(t *typeState, n, removed int) *typeCount {
	c := s.c
	tc := c.perType[t.url]
	if tc == nil {
		tc = &typeCount{}
		c.perType[t.url] = tc
	}
	tc.Responses++
	tc.Resources += int64(n)
	tc.Removed += int64(removed)
	tc.Bytes += int64(c.lastLen)
	tc.Wire += int64(c.lastWire)
	if n == 0 && removed == 0 {
		tc.Empty++
	}
	return tc
}

func (s *session) nonceCheck(t *typeState, nonce string) {
	if !s.c.check {
		return
	}
	if nonce == "" {
		s.c.r.anomaly("empty_nonce", s.c.idx, short(t.url))
		return
	}
	if _, dup := t.seen[nonce]; dup {
		s.c.r.anomaly("nonce_reused_on_stream", s.c.idx, short(t.url)+" "+nonce)
	}
	t.seen[nonce] = struct{}{}
}

// unwrap handles envoy.service.discovery.v3.Resource in SotW: name 3, version 1, resource 2.
func unwrap(a *anypb.Any) (url string, body []byte, name string) {
	if a.TypeUrl != typeWrapped {
		return a.TypeUrl, a.Value, ""
	}
	fields(a.Value, func(n protowire.Number, _ protowire.Type, v []byte, _ uint64) {
		switch n {
		case 3:
			name = string(v)
		case 2:
			fields(v, func(n protowire.Number, _ protowire.Type, v []byte, _ uint64) {
				if n == 1 {
					url = string(v)
				} else if n == 2 {
					body = v
				}
			})
		}
	})
	return
}

func (s *session) onSotw(r *discovery.DiscoveryResponse, now time.Time) {
	c := s.c
	t := c.st[r.TypeUrl]
	if t == nil || !t.started {
		c.r.anomaly("unrequested_type", c.idx, r.TypeUrl)
		return
	}
	tc := s.count(t, len(r.Resources), 0)
	s.nonceCheck(t, r.Nonce)
	if c.check && r.VersionInfo == "" {
		c.r.anomaly("empty_version_info", c.idx, short(t.url))
	}
	t.nonce = r.Nonce
	if s.shouldNack(t) {
		tc.Nacks++
		s.noteNack(t, sumOf(r.Resources, (*anypb.Any).GetValue), now)
		c.r.event(c, t.url, now, len(r.Resources), 0, r.Nonce, r.VersionInfo, "nack", nil)
		s.out.put(&discovery.DiscoveryRequest{Node: s.repeatNode(), TypeUrl: t.url, VersionInfo: t.version,
			ResourceNames: t.sotwNames(c.o.star), ResponseNonce: r.Nonce, ErrorDetail: nackDetail})
		return
	}
	got := make(map[string]resState, len(r.Resources))
	var sum uint64
	var names []string
	bodies := make([]namedBody, 0, len(r.Resources))
	for _, a := range r.Resources {
		url, body, wname := unwrap(a)
		if c.check && url != t.url {
			c.r.anomaly("resource_type_mismatch", c.idx, short(t.url)+" holds "+url)
		}
		p := parseResource(t.url, body, c.check)
		name := p.name
		if wname != "" {
			name = wname
		}
		if _, dup := got[name]; dup {
			c.r.anomaly("duplicate_name_in_response", c.idx, short(t.url)+" "+name)
		}
		got[name] = resState{version: r.VersionInfo, p: p}
		sum += p.hash * 1099511628211 // order does not matter
		bodies = append(bodies, namedBody{name, body})
		if c.o.names {
			names = append(names, name)
		}
	}
	if t.answered && sum == t.lastSum && len(r.Resources) > 0 {
		tc.Redundant++ // the very same content as the response before
	}
	t.lastSum = sum
	t.answered = true
	var removed []string
	if t.full() {
		for n := range t.have {
			if _, ok := got[n]; !ok {
				removed = append(removed, n)
			}
		}
	}
	c.r.event(c, t.url, now, len(r.Resources), len(removed), r.Nonce, r.VersionInfo, "", names)
	c.r.marks(c, t, bodies, removed, t.full(), now)
	s.apply(t, got, removed, t.full(), now)
	t.version = r.VersionInfo
	s.out.put(&discovery.DiscoveryRequest{Node: s.repeatNode(), TypeUrl: t.url, VersionInfo: r.VersionInfo,
		ResourceNames: t.sotwNames(c.o.star), ResponseNonce: r.Nonce})
	s.follow(t)
}

func (s *session) repeatNode() *core.Node {
	if s.c.o.nodeAlways {
		return s.c.node
	}
	return nil
}

func (s *session) onDelta(r *discovery.DeltaDiscoveryResponse, now time.Time) {
	c := s.c
	t := c.st[r.TypeUrl]
	if t == nil || !t.started {
		c.r.anomaly("unrequested_type", c.idx, r.TypeUrl)
		return
	}
	removed := append([]string{}, r.RemovedResources...)
	for _, n := range r.RemovedResourceNames {
		removed = append(removed, n.GetName())
	}
	tc := s.count(t, len(r.Resources), len(removed))
	s.nonceCheck(t, r.Nonce)
	t.nonce = r.Nonce
	if s.shouldNack(t) {
		tc.Nacks++
		content := sumOf(r.Resources, func(x *discovery.Resource) []byte { return x.GetResource().GetValue() })
		s.noteNack(t, content, now)
		c.r.event(c, t.url, now, len(r.Resources), len(removed), r.Nonce, r.SystemVersionInfo, "nack", nil)
		s.out.put(&discovery.DeltaDiscoveryRequest{Node: s.repeatNode(), TypeUrl: t.url, ResponseNonce: r.Nonce, ErrorDetail: nackDetail})
		return
	}
	got := make(map[string]resState, len(r.Resources))
	var names []string
	bodies := make([]namedBody, 0, len(r.Resources))
	same := 0
	for _, x := range r.Resources {
		if x.Resource == nil {
			if x.Ttl == nil && c.check {
				c.r.anomaly("delta_resource_without_body", c.idx, short(t.url)+" "+x.Name)
			}
			continue // heartbeat
		}
		if c.check && x.Resource.TypeUrl != t.url {
			c.r.anomaly("resource_type_mismatch", c.idx, short(t.url)+" holds "+x.Resource.TypeUrl)
		}
		p := parseResource(t.url, x.Resource.Value, c.check)
		if c.check {
			if x.Name == "" {
				c.r.anomaly("delta_empty_resource_name", c.idx, short(t.url)+" "+p.name)
			} else if _, known := shortOf[t.url]; known && x.Name != p.name {
				c.r.anomaly("delta_name_differs_from_body", c.idx, short(t.url)+" "+x.Name+" / "+p.name)
			}
			if !t.wildcard {
				if _, ok := t.names[x.Name]; !ok {
					c.r.anomaly("unsubscribed_resource", c.idx, short(t.url)+" "+x.Name)
				}
			}
		}
		if _, dup := got[x.Name]; dup {
			c.r.anomaly("duplicate_name_in_response", c.idx, short(t.url)+" "+x.Name)
		}
		if x.Name == p.name {
			x.Name = p.name // shared between the clients, which would hold a copy each
		}
		got[x.Name] = resState{version: x.Version, p: p}
		if h, ok := t.have[x.Name]; ok && h.p != nil && h.p.hash == p.hash {
			same++
		}
		bodies = append(bodies, namedBody{x.Name, x.Resource.Value})
		if c.o.names {
			names = append(names, x.Name)
		}
	}
	if t.answered && len(r.Resources) > 0 && same == len(r.Resources) && len(removed) == 0 {
		tc.Redundant++ // nothing in it differs from what the client has
	}
	for _, n := range removed {
		if _, ok := got[n]; ok {
			c.r.anomaly("both_added_and_removed", c.idx, short(t.url)+" "+n)
		}
	}
	t.answered = true
	c.r.event(c, t.url, now, len(r.Resources), len(removed), r.Nonce, r.SystemVersionInfo, "", names)
	c.r.marks(c, t, bodies, removed, false, now)
	s.apply(t, got, removed, false, now)
	s.out.put(&discovery.DeltaDiscoveryRequest{Node: s.repeatNode(), TypeUrl: t.url, ResponseNonce: r.Nonce})
	s.follow(t)
}

type namedBody struct {
	name string
	body []byte
}

func (s *session) apply(t *typeState, got map[string]resState, removed []string, full bool, now time.Time) {
	c := s.c
	if c.check && t.url == typeCDS {
		if e := c.st[typeEDS]; e != nil {
			for n, r := range got {
				if old, ok := t.have[n]; ok && old.p != nil && r.p.eds != "" && old.p.hash != r.p.hash {
					if _, ok := e.have[r.p.eds]; ok {
						e.warming[r.p.eds] = now // Envoy waits for a new CLA
					}
				}
			}
		}
	}
	if c.check && t.url == typeRDS {
		if cd := c.st[typeCDS]; cd != nil && cd.answered {
			for _, r := range got {
				for _, cl := range r.p.clusters {
					if _, ok := cd.have[cl]; !ok {
						c.r.anomaly("route_to_unknown_cluster", c.idx, r.p.name+" -> "+cl)
					}
				}
			}
		}
	}
	if c.check && t.url == typeCDS && c.st[typeRDS] != nil {
		for _, n := range removed {
			for rn, r := range c.st[typeRDS].have {
				for _, cl := range r.p.clusters {
					if cl == n {
						c.r.anomaly("cluster_removed_while_routed", c.idx, n+" in route "+rn)
					}
				}
			}
		}
	}
	for n, r := range got {
		delete(t.waiting, n)
		delete(t.missing, n)
		delete(t.warming, n)
		if !t.wildcard && !full {
			if _, ok := t.names[n]; !ok {
				continue // not asked for
			}
		}
		t.have[n] = r
	}
	for _, n := range removed {
		delete(t.have, n)
		if _, ok := t.names[n]; ok {
			t.missing[n] = struct{}{}
			delete(t.waiting, n)
		}
	}
}

// follow derives the next subscriptions from a root type.
func (s *session) follow(t *typeState) {
	c := s.c
	switch t.url {
	case typeCDS:
		if c.st[typeEDS] == nil {
			break
		}
		want := map[string]struct{}{}
		for _, r := range t.have {
			if r.p.eds != "" {
				want[r.p.eds] = struct{}{}
			}
		}
		if c.o.edsLimit > 0 && len(want) > c.o.edsLimit {
			for _, n := range sortedNames(want)[c.o.edsLimit:] {
				delete(want, n)
			}
		}
		s.setNames(typeEDS, want)
	case typeLDS:
		if c.st[typeRDS] == nil {
			break
		}
		want := map[string]struct{}{}
		for _, r := range t.have {
			for _, n := range r.p.rds {
				want[n] = struct{}{}
			}
		}
		s.setNames(typeRDS, want)
	}
}

// progress moves to the next stage (as Envoy does: clusters first, then listeners) and notes completion.
func (s *session) progress(now time.Time) {
	c := s.c
	cds, eds, lds, rds := c.st[typeCDS], c.st[typeEDS], c.st[typeLDS], c.st[typeRDS]
	ok := func(t *typeState) bool { return t.answered || len(t.have) > 0 } // have: remembered from an earlier stream
	clustersReady := cds == nil || (ok(cds) && (eds == nil || len(eds.waiting) == 0))
	if clustersReady && lds != nil && !lds.started {
		s.begin(typeLDS)
	}
	ready := clustersReady && (lds == nil || (ok(lds) && (rds == nil || len(rds.waiting) == 0)))
	for _, u := range c.o.extra {
		if c.o.waitExtra && !c.st[u].answered {
			ready = false
		}
	}
	if ready && c.sessCfg.IsZero() {
		c.sessCfg = now
		c.r.sessionConfigured(c, now)
		if c.configured.Load() == 0 {
			c.configured.Store(now.UnixNano())
			c.r.configuredOnce(c, now)
		}
	}
}

// why tells what an unconfigured client still waits for.
func (c *client) why() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastErr != "" && !c.connected.Load() {
		return "not connected: " + c.lastErr
	}
	if !c.connected.Load() {
		return "not connected"
	}
	sample := func(m map[string]struct{}) string {
		n := sortedNames(m)
		if len(n) > 3 {
			n = n[:3]
		}
		return strings.Join(n, ", ")
	}
	for _, u := range []string{typeCDS, typeEDS, typeLDS, typeRDS} {
		t := c.st[u]
		if t == nil {
			continue
		}
		if (u == typeCDS || u == typeLDS) && t.started && !t.answered {
			return "no " + short(u) + " response"
		}
		if len(t.waiting) > 0 {
			return fmt.Sprintf("%s: %d of %d names unanswered (%s)", short(u), len(t.waiting), len(t.names), sample(t.waiting))
		}
	}
	return "unknown"
}

// digest of everything the client has, to compare clients with each other, those of other processes too.
func (c *client) digest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum uint64
	for u, t := range c.st {
		for n, r := range t.have {
			x := stableHash([]byte(u + " " + n))
			if r.p != nil {
				x ^= r.p.stable * 31
			}
			sum += x
		}
	}
	return fmt.Sprintf("%016x", sum)
}
