package main

import (
	"encoding/json"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
)

// serveControl answers what bench/load/control-server.mjs describes.
func serveControl(listener net.Listener, r *registry, metrics http.Handler) {
	mux := http.NewServeMux()
	number := func(request *http.Request, key string) int {
		n, _ := strconv.Atoi(request.FormValue(key))
		return n
	}
	answer := func(w http.ResponseWriter, value any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(value)
	}
	done := struct{}{}
	mux.HandleFunc("POST /endpoint", func(w http.ResponseWriter, request *http.Request) {
		err := r.moveEndpoint(number(request, "service"), number(request, "at"), request.FormValue("address"))
		answer(w, done, err)
	})
	mux.HandleFunc("POST /add", func(w http.ResponseWriter, request *http.Request) {
		r.addService(number(request, "service"))
		answer(w, done, nil)
	})
	mux.HandleFunc("POST /remove", func(w http.ResponseWriter, request *http.Request) {
		answer(w, done, r.removeService(number(request, "service")))
	})
	mux.HandleFunc("POST /churn", func(w http.ResponseWriter, request *http.Request) {
		rate, err := strconv.ParseFloat(request.FormValue("rate"), 64)
		if err == nil && rate > 0 {
			r.startChurn(rate)
			answer(w, done, nil)
			return
		}
		answer(w, map[string]int{"changes": r.stopChurn()}, err)
	})
	mux.HandleFunc("POST /gc", func(w http.ResponseWriter, _ *http.Request) {
		debug.FreeOSMemory()
		answer(w, usage(), nil)
	})
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) { answer(w, usage(), nil) })
	mux.Handle("GET /metrics", metrics)
	_ = http.Serve(listener, mux)
}

func usage() map[string]any {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var spent syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &spent)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return map[string]any{
		"cpuSeconds": seconds(spent.Utime) + seconds(spent.Stime),
		"heapBytes":  memory.HeapAlloc,
	}
}
