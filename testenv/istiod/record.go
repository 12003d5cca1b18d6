package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"istio.io/istio/pkg/test"
)

// servers is how many fresh servers must agree for a recording to be a fact.
const servers = 5

// record writes DIR/expected/<proxy>.json. What fresh servers do not agree on
// Istio leaves to chance: the other answer is put beside it, as
// DIR/unstable-<proxy>.json, and the recording counts as failed.
func record(dir string) error {
	stale, err := filepath.Glob(filepath.Join(dir, "unstable-*.json"))
	if err != nil {
		return err
	}
	for _, file := range stale {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	first, err := observe(dir)
	if err != nil {
		return err
	}
	unstable := map[string][]byte{}
	for range servers - 1 {
		again, err := observe(dir)
		if err != nil {
			return err
		}
		for name, text := range first {
			if !bytes.Equal(text, again[name]) {
				unstable["unstable-"+name+".json"] = again[name]
			}
		}
	}
	expected := filepath.Join(dir, "expected")
	if err := os.RemoveAll(expected); err != nil {
		return err
	}
	if err := os.MkdirAll(expected, 0o755); err != nil {
		return err
	}
	for name, text := range first {
		if err := os.WriteFile(filepath.Join(expected, name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	var files []string
	for file, text := range unstable {
		files = append(files, file)
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			return err
		}
	}
	if len(files) > 0 {
		sort.Strings(files)
		return fmt.Errorf("fresh servers did not agree: what differs between expected/ and %s is chance, no fact",
			strings.Join(files, ", "))
	}
	return nil
}

// observe starts a fresh server on a mesh directory and returns what each proxy
// was sent. A document that Istio refuses is an error: a recording must show what
// was written.
func observe(dir string) (map[string][]byte, error) {
	m, err := readMeshDirectory(dir)
	if err != nil {
		return nil, err
	}
	if len(m.refused) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(m.refused, "; "))
	}
	proxies, err := readProxies(dir)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	recorded := map[string][]byte{}
	err = test.Wrap(func(t test.Failer) {
		address := start(t, m, listener)
		for _, p := range proxies {
			answer, err := ask(address, p, nil)
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			if recorded[p.Name], err = canonicalJSON(answer); err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
		}
	})
	return recorded, err
}

// canonicalJSON prints an answer in one form: protobuf JSON with the names of
// the .proto files, sorted keys, one space of indent, and the resources of each
// type, which are a set, sorted by name.
func canonicalJSON(a answer) ([]byte, error) {
	byType := map[string][]map[string]any{}
	for kind, messages := range a {
		resources := []map[string]any{}
		for _, message := range messages {
			text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
			if err != nil {
				return nil, fmt.Errorf("%s: %v", kind, err)
			}
			resource := map[string]any{}
			if err := json.Unmarshal(text, &resource); err != nil {
				return nil, fmt.Errorf("%s: %v", kind, err)
			}
			resources = append(resources, resource)
		}
		sort.SliceStable(resources, func(i, j int) bool {
			return resourceName(resources[i]) < resourceName(resources[j])
		})
		byType[kind] = resources
	}
	text, err := json.MarshalIndent(byType, "", " ")
	return append(text, '\n'), err
}

func resourceName(resource map[string]any) string {
	if name, ok := resource["name"].(string); ok {
		return name
	}
	name, _ := resource["cluster_name"].(string)
	return name
}
