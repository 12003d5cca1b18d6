package main

// Light-weight wire parsing of the resources: only what a client needs in order to know what to
// subscribe to next. Decoding whole Cluster and Listener messages for thousands of simulated clients
// would make the load generator, not the server, the bottleneck.

import (
	"hash/fnv"
	"hash/maphash"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	typeCDS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	typeEDS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	typeLDS = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeRDS = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	typeSDS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	typeHCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
)

var shortOf = map[string]string{typeCDS: "CDS", typeEDS: "EDS", typeLDS: "LDS", typeRDS: "RDS", typeSDS: "SDS"}
var longOf = map[string]string{"CDS": typeCDS, "EDS": typeEDS, "LDS": typeLDS, "RDS": typeRDS, "SDS": typeSDS}

func short(t string) string {
	if s, ok := shortOf[t]; ok {
		return s
	}
	for i := len(t) - 1; i >= 0; i-- {
		if t[i] == '.' || t[i] == '/' {
			return t[i+1:]
		}
	}
	return t
}

// parsed is what is known of one resource body; it is immutable and shared between clients.
type parsed struct {
	name     string
	eds      string   // CDS: the EDS resource name, when the cluster is of type EDS
	rds      []string // LDS: route configuration names wanted over RDS
	clusters []string // RDS: clusters referenced (only with -check)
	hash     uint64
	stable   uint64 // the same in every process
}

// stableHash is FNV-1a.
func stableHash(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

var hseed = maphash.MakeSeed()

type parseCache struct {
	mu sync.RWMutex
	m  map[string]map[uint64]*parsed
}

var pcache = parseCache{m: map[string]map[uint64]*parsed{}}

// parseResource extracts from body; results are cached by type and content hash.
func parseResource(typeURL string, body []byte, deep bool) *parsed {
	h := maphash.Bytes(hseed, body)
	pcache.mu.RLock()
	p := pcache.m[typeURL][h]
	pcache.mu.RUnlock()
	if p != nil {
		return p
	}
	p = &parsed{hash: h, stable: stableHash(body)}
	switch typeURL {
	case typeCDS:
		parseCluster(body, p)
	case typeLDS:
		parseListener(body, p)
	case typeRDS:
		p.name = firstString(body, 1)
		if deep {
			parseRoute(body, p)
		}
	default: // CLA.cluster_name, Secret.name and most Istio types have the name in field 1
		p.name = firstString(body, 1)
	}
	pcache.mu.Lock()
	if pcache.m[typeURL] == nil || len(pcache.m[typeURL]) > 2_000_000 {
		pcache.m[typeURL] = map[uint64]*parsed{}
	}
	pcache.m[typeURL][h] = p
	pcache.mu.Unlock()
	return p
}

// fields calls f for each field of a message; malformed input ends the walk.
func fields(b []byte, f func(num protowire.Number, typ protowire.Type, bytes []byte, varint uint64)) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		switch typ {
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return
			}
			f(num, typ, v, 0)
			b = b[n:]
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return
			}
			f(num, typ, nil, v)
			b = b[n:]
		default:
			n := protowire.ConsumeFieldValue(num, typ, b)
			if n < 0 {
				return
			}
			b = b[n:]
		}
	}
}

func firstString(b []byte, want protowire.Number) (s string) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		if num == want && typ == protowire.BytesType {
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return
			}
			return string(v)
		}
		n = protowire.ConsumeFieldValue(num, typ, b)
		if n < 0 {
			return
		}
		b = b[n:]
	}
	return
}

// Cluster: 1 name, 2 type (3 = EDS), 3 eds_cluster_config{2 service_name}
func parseCluster(b []byte, p *parsed) {
	isEDS, service := false, ""
	fields(b, func(num protowire.Number, typ protowire.Type, v []byte, u uint64) {
		switch {
		case num == 1 && typ == protowire.BytesType:
			p.name = string(v)
		case num == 2 && typ == protowire.VarintType:
			isEDS = u == 3
		case num == 3 && typ == protowire.BytesType:
			service = firstString(v, 2)
		}
	})
	if isEDS {
		p.eds = service
		if p.eds == "" {
			p.eds = p.name
		}
	}
}

// Listener: 1 name, 3 filter_chains, 25 default_filter_chain, 19 api_listener{1 Any}
// FilterChain: 3 filters ; Filter: 4 typed_config (Any) ; HCM: 3 rds{2 route_config_name}
func parseListener(b []byte, p *parsed) {
	seen := map[string]bool{}
	any := func(v []byte) {
		var url string
		var val []byte
		fields(v, func(n protowire.Number, t protowire.Type, x []byte, _ uint64) {
			if n == 1 {
				url = string(x)
			} else if n == 2 {
				val = x
			}
		})
		if url != typeHCM {
			return
		}
		fields(val, func(n protowire.Number, t protowire.Type, x []byte, _ uint64) {
			if n == 3 && t == protowire.BytesType {
				if r := firstString(x, 2); r != "" && !seen[r] {
					seen[r] = true
					p.rds = append(p.rds, r)
				}
			}
		})
	}
	chain := func(fc []byte) {
		fields(fc, func(n protowire.Number, t protowire.Type, f []byte, _ uint64) {
			if n == 3 && t == protowire.BytesType {
				fields(f, func(n protowire.Number, t protowire.Type, x []byte, _ uint64) {
					if n == 4 && t == protowire.BytesType {
						any(x)
					}
				})
			}
		})
	}
	fields(b, func(num protowire.Number, typ protowire.Type, v []byte, _ uint64) {
		if typ != protowire.BytesType {
			return
		}
		switch num {
		case 1:
			p.name = string(v)
		case 3, 25:
			chain(v)
		case 19:
			fields(v, func(n protowire.Number, t protowire.Type, x []byte, _ uint64) {
				if n == 1 && t == protowire.BytesType {
					any(x)
				}
			})
		}
	})
}

// RouteConfiguration: 2 virtual_hosts{3 routes{2 route{1 cluster, 3 weighted_clusters{1 clusters{1 name}}}}}
func parseRoute(b []byte, p *parsed) {
	seen := map[string]bool{}
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			p.clusters = append(p.clusters, s)
		}
	}
	fields(b, func(n protowire.Number, t protowire.Type, vh []byte, _ uint64) {
		if n != 2 || t != protowire.BytesType {
			return
		}
		fields(vh, func(n protowire.Number, t protowire.Type, r []byte, _ uint64) {
			if n != 3 || t != protowire.BytesType {
				return
			}
			fields(r, func(n protowire.Number, t protowire.Type, act []byte, _ uint64) {
				if n != 2 || t != protowire.BytesType {
					return
				}
				fields(act, func(n protowire.Number, t protowire.Type, x []byte, _ uint64) {
					if t != protowire.BytesType {
						return
					}
					switch n {
					case 1:
						add(string(x))
					case 3:
						fields(x, func(n protowire.Number, t protowire.Type, w []byte, _ uint64) {
							if n == 1 && t == protowire.BytesType {
								add(firstString(w, 1))
							}
						})
					}
				})
			})
		})
	})
}
