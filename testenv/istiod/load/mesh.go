package main

import (
	"fmt"
	"time"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	istiocluster "istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/protocol"
)

const (
	namespace   = "shop"
	clusterName = istiocluster.ID("Kubernetes")
)

// mesh says how large a synthetic mesh is. bench/load/mesh.mjs makes the same
// one; whoever changes one of the two changes the other.
type mesh struct {
	services, endpoints int
}

func (m mesh) allServices() []*model.Service {
	services := make([]*model.Service, m.services)
	for i := range services {
		services[i] = service(i)
	}
	return services
}

func serviceName(i int) string { return fmt.Sprintf("service-%d", i) }

func hostname(i int) string { return serviceName(i) + "." + namespace + ".svc.cluster.local" }

func service(i int) *model.Service {
	return &model.Service{
		Hostname:       host.Name(hostname(i)),
		Ports:          model.PortList{{Name: "http", Port: 80, Protocol: protocol.HTTP}},
		CreationTime:   time.Unix(0, 0).UTC(),
		DefaultAddress: fmt.Sprintf("10.96.%d.%d", i>>8&255, i&255),
		Resolution:     model.ClientSideLB,
		Attributes: model.ServiceAttributes{
			Name:            serviceName(i),
			Namespace:       namespace,
			ServiceRegistry: provider.Mock,
		},
	}
}

func (m mesh) endpointsOf(i int) []*model.IstioEndpoint {
	endpoints := make([]*model.IstioEndpoint, m.endpoints)
	for at := range endpoints {
		n := i*m.endpoints + at
		endpoints[at] = endpoint(i, at, fmt.Sprintf("10.%d.%d.%d", 128+n>>16, n>>8&255, n&255))
	}
	return endpoints
}

func endpoint(i, at int, address string) *model.IstioEndpoint {
	version := "v1"
	if at%2 == 1 {
		version = "v2"
	}
	return &model.IstioEndpoint{
		Addresses:       []string{address},
		EndpointPort:    8080,
		ServicePortName: "http",
		Labels: map[string]string{
			"app":                             serviceName(i),
			"version":                         version,
			"service.istio.io/canonical-name": serviceName(i),
		},
		ServiceAccount: "spiffe://cluster.local/ns/" + namespace + "/sa/" + serviceName(i),
		Locality:       model.Locality{Label: fmt.Sprintf("region/zone-%d/", at%3), ClusterID: clusterName},
		TLSMode:        model.IstioMutualTLSModeLabel,
		WorkloadName:   serviceName(i),
		Namespace:      namespace,
		HealthStatus:   model.Healthy,
	}
}
