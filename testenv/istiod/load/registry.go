package main

import (
	"fmt"
	"sync"
	"time"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	istioxds "istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/test/util/retry"
)

// shard is under which endpoints are kept: that of the test double's registry
// in memory, which holds the services.
var shard = model.ShardKey{Cluster: "Mock", Provider: provider.Mock}

// registry changes the mesh of a discovery server. Services go through the test
// double's registry in memory, which tells the server of each once. Endpoints go
// to the server as every registry gives them to it; the registry in memory would
// go through all endpoints of the mesh for each change.
type registry struct {
	server *istioxds.FakeDiscoveryServer
	mesh   mesh

	mu        sync.Mutex
	endpoints map[int][]*model.IstioEndpoint

	churn     chan struct{}
	churnDone chan struct{}
	changes   int
}

func newRegistry(server *istioxds.FakeDiscoveryServer, m mesh) *registry {
	return &registry{server: server, mesh: m, endpoints: map[int][]*model.IstioEndpoint{}}
}

// readAllEndpoints fills the endpoint index, as a registry that has just been
// read, and waits until what is pushed from then on counts with it.
func (r *registry) readAllEndpoints(t test.Failer) {
	for i := range r.mesh.services {
		r.endpoints[i] = r.mesh.endpointsOf(i)
		r.server.Discovery.EDSCacheUpdate(shard, hostname(i), namespace, r.endpoints[i])
	}
	r.server.Discovery.ConfigUpdate(&model.PushRequest{Forced: true})
	retry.UntilOrFail(t, func() bool {
		return r.server.Discovery.CommittedUpdates.Load() >= r.server.Discovery.InboundUpdates.Load()
	}, retry.Delay(10*time.Millisecond), retry.Timeout(time.Minute))
}

// moveEndpoint gives one endpoint of a service another address.
func (r *registry) moveEndpoint(i, at int, address string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, found := r.endpoints[i]
	if !found || at < 0 || at >= len(old) {
		return fmt.Errorf("there is no endpoint %d of service %d", at, i)
	}
	moved := make([]*model.IstioEndpoint, len(old))
	copy(moved, old)
	moved[at] = endpoint(i, at, address)
	r.endpoints[i] = moved
	r.server.Discovery.EDSUpdate(shard, hostname(i), namespace, moved)
	return nil
}

func (r *registry) addService(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endpoints[i] = r.mesh.endpointsOf(i)
	r.server.MemRegistry.AddService(service(i))
	r.server.Discovery.EDSUpdate(shard, hostname(i), namespace, r.endpoints[i])
}

func (r *registry) removeService(i int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, found := r.endpoints[i]; !found {
		return fmt.Errorf("there is no service %d", i)
	}
	delete(r.endpoints, i)
	r.server.MemRegistry.RemoveService(host.Name(hostname(i)))
	return nil
}

// startChurn moves endpoints, rate of them a second, one service after the
// other; those that are late are made up for.
func (r *registry) startChurn(rate float64) {
	r.stopChurn()
	r.churn, r.churnDone = make(chan struct{}), make(chan struct{})
	stop, done := r.churn, r.churnDone
	start, made := time.Now(), 0
	go func() {
		defer close(done)
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				for ; float64(made) < time.Since(start).Seconds()*rate; made++ {
					_ = r.moveEndpoint(r.changes%r.mesh.services, 0, churnAddress(r.changes))
					r.changes++
				}
			}
		}
	}()
}

// stopChurn returns how many changes were ever made so.
func (r *registry) stopChurn() int {
	if r.churn != nil {
		close(r.churn)
		<-r.churnDone
		r.churn = nil
	}
	return r.changes
}

// churnAddress is used by no endpoint of the mesh and no probe.
func churnAddress(change int) string {
	return fmt.Sprintf("10.%d.%d.%d", 160+change>>16&31, change>>8&255, change&255)
}
