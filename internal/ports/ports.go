// Package ports has ports for servers that are told theirs, or that come back on the
// one that they had: ports that nobody else takes meanwhile.
//
// It is for tests.
package ports

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// Systems give ports from 32768 on, or from 49152 on, to whoever asks for any. Those
// below are only had by asking for them.
const (
	first = 20_000
	count = 12_000
)

// tried is how many ports have been. It is a variable of the package so that no two
// tests of a process are told the same one.
var tried atomic.Uint32

// Listen listens on such a port of a host. Where it begins to look is another place
// for each process.
func Listen(host string) (listener net.Listener, err error) {
	for range 100 {
		port := first + (uint32(os.Getpid())*97+tried.Add(1))%count
		listener, err = net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if err == nil {
			return listener, nil
		}
	}
	return nil, err
}

// Free is such a port of a host, on which nobody listens now.
func Free(host string) (int, error) {
	listener, err := Listen(host)
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}
