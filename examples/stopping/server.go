// A Go server that stops without losing a request, not even one of a client with a kept-alive connection.
//
//	go build server.go && ./server 3000
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

const lameDuck = time.Second

// Less than stop.timeout of the service, so that this program decides what is cut off, and reports it.
const limit = 20 * time.Second

var stopping int32

func answer(response http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	if atomic.LoadInt32(&stopping) == 1 {
		response.Header().Set("Connection", "close")
	}
	fmt.Fprintf(response, "%s with %d bytes,", request.Method, len(body))
	if request.URL.Path == "/slow" {
		response.(http.Flusher).Flush()
		time.Sleep(1500 * time.Millisecond)
	}
	fmt.Fprintf(response, " from %d\n", os.Getpid())
}

func main() {
	// Longer than the proxy keeps an idle connection (nginx 60 s, Caddy 2 min), so that the proxy closes it.
	server := &http.Server{Handler: http.HandlerFunc(answer), IdleTimeout: 125 * time.Second}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() { _ = server.Serve(listener) }()
	fmt.Printf("listening on http://%s\n", listener.Addr())
	<-terminated

	// 1. Stop accepting. Shutdown and SetKeepAlivesEnabled(false) would also cut the idle connections, on which a request
	//    may be on its way.
	_ = listener.Close()
	// 2. For one second, answer requests on kept-alive connections with "Connection: close".
	atomic.StoreInt32(&stopping, 1)
	time.Sleep(lameDuck)
	// 3. Then close the idle connections and finish the open requests.
	remaining, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := server.Shutdown(remaining); err != nil {
		log.Fatal("stopping: cutting off what is still not done: ", err)
	}
}
