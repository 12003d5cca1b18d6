// Command grpc-client is the client of ../client.mjs in Go, with grpc-go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds" // the xds:/// resolver and its balancers
)

const (
	method   = "/testenv.Backend/Name"
	pause    = 5 * time.Millisecond
	deadline = 10 * time.Second
)

type answer struct {
	Target string `json:"target"`
	From   string `json:"from,omitempty"`
	Error  string `json:"error,omitempty"`
}

var printing sync.Mutex

func main() {
	targets := bufio.NewScanner(os.Stdin)
	for targets.Scan() {
		go ask(targets.Text())
	}
}

// ask asks a target again and again, over a channel of its own.
func ask(target string) {
	channel, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		tell(answer{Target: target, Error: err.Error()})
		return
	}
	for {
		tell(askOnce(channel, target))
		time.Sleep(pause)
	}
}

func askOnce(channel *grpc.ClientConn, target string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	var name []byte
	if err := channel.Invoke(ctx, method, []byte{}, &name, grpc.ForceCodec(plain{})); err != nil {
		s := status.Convert(err)
		return answer{Target: target, Error: fmt.Sprintf("%s: %s", s.Code(), s.Message())}
	}
	return answer{Target: target, From: string(name)}
}

func tell(a answer) {
	line, err := json.Marshal(a)
	if err != nil {
		panic(err) // an answer holds nothing but strings
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

// plain sends and receives bytes as they are.
type plain struct{}

func (plain) Name() string { return "plain" }

func (plain) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (plain) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
