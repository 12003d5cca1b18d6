package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	istioxds "istio.io/istio/pilot/test/xds"
	istiocluster "istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
)

const primaryCluster = istiocluster.ID("Kubernetes")

// meshDirectory is what a mesh directory holds, in the form that Istio's
// discovery server takes it.
type meshDirectory struct {
	options istioxds.FakeOptions
	// Documents that Istio does not read, and why.
	ignored []string
	// Documents that it would read, but that its validation refuses, and why.
	refused []string
}

// proxy is one entry of proxies.yaml.
type proxy struct {
	Name     string         `json:"name"`
	ID       string         `json:"id"`
	Metadata map[string]any `json:"metadata"`
	Locality struct {
		Region  string `json:"region"`
		Zone    string `json:"zone"`
		SubZone string `json:"subZone"`
	} `json:"locality"`
}

// document is one YAML document of a file.
type document struct {
	file string
	text string
	head map[string]any
}

// kubernetesKinds are the kinds that go to the Kubernetes API's test double;
// those of other kinds go to Istio's configuration store.
var kubernetesKinds = map[string]bool{
	"Service": true, "Pod": true, "Node": true, "Namespace": true, "EndpointSlice": true,
	"Endpoints": true, "ConfigMap": true, "Secret": true, "Ingress": true, "IngressClass": true,
	"GatewayClass": true, "HTTPRoute": true, "GRPCRoute": true, "TCPRoute": true, "TLSRoute": true,
	"ReferenceGrant": true, "ServiceExport": true, "ServiceImport": true,
}

var clusterScopedKinds = map[string]bool{
	"Node": true, "Namespace": true, "GatewayClass": true, "IngressClass": true,
}

// readMeshDirectory reads every object of a directory, its mesh configuration
// and its networks. Objects that Istio does not read, and those that its
// validation refuses, are left out.
func readMeshDirectory(dir string) (*meshDirectory, error) {
	m := &meshDirectory{}
	files, err := objectFiles(dir)
	if err != nil {
		return nil, err
	}
	primary, istio, err := m.readFiles(files)
	if err != nil {
		return nil, err
	}
	m.options.KubernetesObjectString = primary
	others, err := filepath.Glob(filepath.Join(dir, "cluster-*.y*ml"))
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		m.options.KubernetesObjectStringByCluster = map[istiocluster.ID]string{primaryCluster: primary}
		m.options.KubernetesObjectString = ""
	}
	for _, file := range others {
		objects, more, err := m.readFiles([]string{file})
		if err != nil {
			return nil, err
		}
		istio = append(istio, more...)
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "cluster-"), filepath.Ext(file))
		m.options.KubernetesObjectStringByCluster[istiocluster.ID(name)] = objects
	}
	m.options.Configs = m.parseIstio(istio)
	if err := m.readMeshConfig(dir); err != nil {
		return nil, err
	}
	return m, m.readNetworks(dir)
}

// objectFiles lists the files that hold the primary cluster's objects: every
// YAML file but those with a role of their own.
func objectFiles(dir string) ([]string, error) {
	own := map[string]bool{"mesh.yaml": true, "networks.yaml": true, "proxies.yaml": true}
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != dir && (strings.HasPrefix(name, ".") || name == "expected") {
				return filepath.SkipDir
			}
			return nil
		}
		extension := filepath.Ext(name)
		if (extension == ".yaml" || extension == ".yml") && !strings.HasPrefix(name, ".") &&
			!own[name] && !strings.HasPrefix(name, "cluster-") {
			files = append(files, path)
		}
		return nil
	})
	sort.Strings(files)
	return files, err
}

// readFiles parts the documents of files into Kubernetes objects, as one YAML
// text, and Istio objects.
func (m *meshDirectory) readFiles(files []string) (kubernetes string, istio []document, err error) {
	var texts []string
	for _, file := range files {
		documents, err := readDocuments(file)
		if err != nil {
			return "", nil, err
		}
		for _, d := range documents {
			switch {
			case len(d.head) == 0:
			case d.kind() == "":
				m.ignored = append(m.ignored, d.because("it has no kind"))
			case isKubernetes(d):
				if d, err = inSomeNamespace(d); err != nil {
					return "", nil, err
				}
				texts = append(texts, d.text)
			default:
				istio = append(istio, d)
			}
		}
	}
	return strings.Join(texts, "\n---\n"), istio, nil
}

// readDocuments reads a file; a List counts as its items.
func readDocuments(file string) ([]document, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var documents []document
	for _, text := range splitDocuments(string(content)) {
		head := map[string]any{}
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			return nil, fmt.Errorf("%s: %v", file, err)
		}
		d := document{file, text, head}
		items, isList := head["items"].([]any)
		if !isList || !strings.HasSuffix(d.kind(), "List") {
			documents = append(documents, d)
			continue
		}
		for _, item := range items {
			text, err := yaml.Marshal(item)
			if err != nil {
				return nil, fmt.Errorf("%s: %v", file, err)
			}
			object, _ := item.(map[string]any)
			documents = append(documents, document{file, string(text), object})
		}
	}
	return documents, nil
}

func splitDocuments(content string) []string {
	var texts []string
	for _, text := range strings.Split("\n"+content, "\n---") {
		if end := strings.IndexByte(text, '\n'); end >= 0 && strings.TrimSpace(text[:end]) == "" {
			text = text[end:]
		}
		if text = strings.TrimSpace(text); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func isKubernetes(d document) bool {
	if d.kind() == "Gateway" {
		api, _ := d.head["apiVersion"].(string)
		return strings.HasPrefix(api, "gateway.networking.k8s.io/")
	}
	return kubernetesKinds[d.kind()]
}

// inSomeNamespace puts an object that names no namespace into "default", as
// kubectl does.
func inSomeNamespace(d document) (document, error) {
	metadata, _ := d.head["metadata"].(map[string]any)
	if metadata == nil || metadata["namespace"] != nil || clusterScopedKinds[d.kind()] {
		return d, nil
	}
	metadata["namespace"] = "default"
	text, err := yaml.Marshal(d.head)
	if err != nil {
		return d, fmt.Errorf("%s: %v", d.file, err)
	}
	d.text = string(text)
	return d, nil
}

// parseIstio reads Istio objects as Istio's own CRD client delivers them: with
// the cluster's domain, a namespace and a creation time, the same for all that
// name none.
func (m *meshDirectory) parseIstio(documents []document) []config.Config {
	now := time.Now()
	var all []config.Config
	for _, d := range documents {
		configs, others, err := crd.ParseInputs(d.text)
		if err != nil {
			m.refused = append(m.refused, d.because(err.Error()))
			continue
		}
		if len(others) > 0 {
			m.ignored = append(m.ignored, d.because("Istio's discovery server does not read this kind"))
		}
		for i := range configs {
			c := &configs[i]
			c.Domain = "cluster.local"
			if c.Namespace == "" {
				c.Namespace = "default"
			}
			if c.CreationTimestamp.IsZero() {
				c.CreationTimestamp = now
			}
		}
		all = append(all, configs...)
	}
	return all
}

func (m *meshDirectory) readMeshConfig(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "mesh.yaml"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	m.options.MeshConfig, err = mesh.ApplyMeshConfigDefaults(string(text))
	return err
}

func (m *meshDirectory) readNetworks(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "networks.yaml"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	networks, err := mesh.ParseMeshNetworks(string(text))
	if err == nil {
		m.options.NetworksWatcher = meshwatcher.NewFixedNetworksWatcher(networks)
	}
	return err
}

func (m *meshDirectory) disableAutoMTLS() {
	if m.options.MeshConfig == nil {
		m.options.MeshConfig = mesh.DefaultMeshConfig()
	}
	m.options.MeshConfig.EnableAutoMtls = wrapperspb.Bool(false)
}

// readProxies reads the proxies.yaml of a directory.
func readProxies(dir string) ([]proxy, error) {
	file := filepath.Join(dir, "proxies.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var proxies []proxy
	if err := yaml.Unmarshal(text, &proxies); err != nil {
		return nil, fmt.Errorf("%s: %v", file, err)
	}
	return proxies, nil
}

func (d document) kind() string {
	kind, _ := d.head["kind"].(string)
	return kind
}

// because names the document and says why it is left out.
func (d document) because(reason string) string {
	name := "?"
	if metadata, ok := d.head["metadata"].(map[string]any); ok {
		name = fmt.Sprint(metadata["name"])
	}
	return fmt.Sprintf("%s: %s %s: %s", d.file, d.kind(), name, reason)
}
