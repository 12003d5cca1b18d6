package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	_ "istio.io/istio/pkg/config/xds" // registers every Envoy type, so that Any prints
)

var typeURLs = map[string]string{
	"cds": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
	"eds": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
	"lds": "type.googleapis.com/envoy.config.listener.v3.Listener",
	"rds": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
	"nds": "type.googleapis.com/istio.networking.nds.v1.NameTable",
}

const (
	// silence is how long no answer counts as an empty one: Istio does not
	// answer at all when it has nothing of what was named.
	silence  = 10 * time.Second
	longest  = 2 * time.Minute
	grpcSize = 1 << 30
)

// answer is what a proxy was sent, by type.
type answer map[string][]proto.Message

// askAsEachProxy asks an ADS server as each proxy of a mesh directory and
// writes one file for each; without types, for all of them.
func askAsEachProxy(address, dir, out string, types []string) error {
	proxies, err := readProxies(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, p := range proxies {
		answer, err := ask(address, p, types)
		if err != nil {
			return fmt.Errorf("%s as %s: %v", address, p.Name, err)
		}
		text, err := canonicalJSON(answer)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, p.Name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ask asks an ADS server as one proxy, on one stream and as an Envoy does:
// every cluster, the assignment of each EDS cluster, every listener, every route
// that a listener names, and the name table where the proxy captures DNS; or, with
// GENERATOR grpc in its metadata, as a gRPC program does. A type is absent where
// there was nothing to ask for.
func ask(address string, p proxy, types []string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	s, err := openStream(ctx, address, p)
	if err != nil {
		return nil, err
	}
	defer s.close()
	wanted := func(t string) bool { return len(types) == 0 || slices.Contains(types, t) }
	got := answer{}
	defer func() {
		for t := range got {
			if !wanted(t) {
				delete(got, t)
			}
		}
	}()
	if p.Metadata["GENERATOR"] == "grpc" {
		return got, s.askAsGRPC(p, got)
	}
	if wanted("cds") || wanted("eds") {
		if got["cds"], err = s.ask("cds", nil); err != nil {
			return nil, err
		}
		if names := assignmentNames(got["cds"]); wanted("eds") && len(names) > 0 {
			if got["eds"], err = s.ask("eds", names); err != nil {
				return nil, err
			}
		}
	}
	if wanted("lds") || wanted("rds") {
		if got["lds"], err = s.ask("lds", nil); err != nil {
			return nil, err
		}
		if names := routeNames(got["lds"]); wanted("rds") && len(names) > 0 {
			if got["rds"], err = s.ask("rds", names); err != nil {
				return nil, err
			}
		}
	}
	if wanted("nds") && p.Metadata["DNS_CAPTURE"] != nil {
		if got["nds"], err = s.ask("nds", nil); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// askAsGRPC asks as a proxyless gRPC program does, for each type what the one
// before leads to: the listeners that it names, their routes, the clusters of
// these, and their load assignments.
func (s *stream) askAsGRPC(p proxy, got answer) error {
	var err error
	if got["lds"], err = s.ask("lds", grpcListeners(p)); err != nil {
		return err
	}
	for _, next := range []struct {
		kind string
		from string
		of   func([]proto.Message) []string
	}{
		{kind: "rds", from: "lds", of: routeNames},
		{kind: "cds", from: "rds", of: clusterNames},
		{kind: "eds", from: "cds", of: assignmentNames},
	} {
		names := next.of(got[next.from])
		if len(names) == 0 {
			return nil
		}
		if got[next.kind], err = s.ask(next.kind, names); err != nil {
			return err
		}
	}
	return nil
}

// grpcListeners are the listeners that a proxyless gRPC program asks for: the
// metadata key ORACLE_LDS_NAMES of its entry in proxies.yaml, which means
// nothing to Istio; all of them where it is absent.
func grpcListeners(p proxy) []string {
	names, _ := p.Metadata["ORACLE_LDS_NAMES"].([]any)
	var out []string
	for _, name := range names {
		out = append(out, fmt.Sprint(name))
	}
	return out
}

type received struct {
	response *discovery.DiscoveryResponse
	err      error
}

// stream is one ADS stream of one proxy.
type stream struct {
	connection *grpc.ClientConn
	ads        discovery.AggregatedDiscoveryService_StreamAggregatedResourcesClient
	responses  chan received
	// The proxy's node, sent with the first request only.
	node *core.Node
}

func openStream(ctx context.Context, address string, p proxy) (*stream, error) {
	metadata, err := structpb.NewStruct(p.Metadata)
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(grpcSize)))
	if err != nil {
		return nil, err
	}
	ads, err := discovery.NewAggregatedDiscoveryServiceClient(connection).StreamAggregatedResources(ctx)
	if err != nil {
		_ = connection.Close()
		return nil, err
	}
	s := &stream{connection: connection, ads: ads, responses: make(chan received), node: &core.Node{
		Id: p.ID, Metadata: metadata,
		Locality: &core.Locality{Region: p.Locality.Region, Zone: p.Locality.Zone, SubZone: p.Locality.SubZone},
	}}
	go func() {
		for {
			response, err := ads.Recv()
			select {
			case s.responses <- received{response, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return s, nil
}

func (s *stream) close() { _ = s.connection.Close() }

// ask sends a request and returns the resources of the response to it. Every
// response is accepted; one of another type is a push that nobody waits for.
func (s *stream) ask(kind string, names []string) ([]proto.Message, error) {
	typeURL := typeURLs[kind]
	request := &discovery.DiscoveryRequest{TypeUrl: typeURL, ResourceNames: names, Node: s.node}
	s.node = nil
	if err := s.ads.Send(request); err != nil {
		return nil, fmt.Errorf("%s: %v", kind, err)
	}
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		select {
		case r := <-s.responses:
			if r.err != nil {
				return nil, fmt.Errorf("%s: %v", kind, r.err)
			}
			err := s.ads.Send(&discovery.DiscoveryRequest{
				TypeUrl: r.response.TypeUrl, ResourceNames: names,
				VersionInfo: r.response.VersionInfo, ResponseNonce: r.response.Nonce,
			})
			if err != nil {
				return nil, fmt.Errorf("%s: %v", kind, err)
			}
			if r.response.TypeUrl == typeURL {
				return unpack(kind, r.response)
			}
		case <-quiet.C:
			fmt.Fprintf(os.Stderr, "no answer for %s within %s counts as an empty one\n", kind, silence)
			return nil, nil
		}
	}
}

func unpack(kind string, response *discovery.DiscoveryResponse) ([]proto.Message, error) {
	var messages []proto.Message
	for _, resource := range response.Resources {
		message, err := resource.UnmarshalNew()
		if err != nil {
			return nil, fmt.Errorf("%s: %v", kind, err)
		}
		messages = append(messages, message)
	}
	return messages, nil
}

// assignmentNames are the load assignments that EDS clusters refer to.
func assignmentNames(clusters []proto.Message) []string {
	var names []string
	for _, message := range clusters {
		c, ok := message.(*cluster.Cluster)
		if !ok || c.GetType() != cluster.Cluster_EDS {
			continue
		}
		name := c.GetEdsClusterConfig().GetServiceName()
		if name == "" {
			name = c.Name
		}
		names = append(names, name)
	}
	return names
}

// routeNames are the route configurations that listeners refer to, each once:
// those of Envoy in their filter chains, those of gRPC beside them.
func routeNames(listeners []proto.Message) []string {
	var names []string
	for _, message := range listeners {
		l, ok := message.(*listener.Listener)
		if !ok {
			continue
		}
		configs := []*anypb.Any{l.GetApiListener().GetApiListener()}
		for _, chain := range append(slices.Clone(l.FilterChains), l.DefaultFilterChain) {
			for _, filter := range chain.GetFilters() {
				configs = append(configs, filter.GetTypedConfig())
			}
		}
		for _, config := range configs {
			manager := &hcm.HttpConnectionManager{}
			if !config.MessageIs(manager) || config.UnmarshalTo(manager) != nil {
				continue
			}
			names = addName(names, manager.GetRds().GetRouteConfigName())
		}
	}
	return names
}

// clusterNames are the clusters that gRPC takes from route configurations, each
// once. It knows no mirrors.
func clusterNames(configurations []proto.Message) []string {
	var names []string
	for _, message := range configurations {
		for _, host := range message.(*route.RouteConfiguration).GetVirtualHosts() {
			for _, r := range host.GetRoutes() {
				names = addName(names, r.GetRoute().GetCluster())
				for _, weighted := range r.GetRoute().GetWeightedClusters().GetClusters() {
					names = addName(names, weighted.GetName())
				}
			}
		}
	}
	return names
}

func addName(names []string, name string) []string {
	if name == "" || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
