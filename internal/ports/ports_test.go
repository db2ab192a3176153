package ports_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/authtodo/authtodo/internal/ports"
)

// TestFree: a port is one that can be had, again and again, and that is told once.
func TestFree(t *testing.T) {
	t.Parallel()
	told := make(map[int]bool)
	for _, host := range []string{"127.0.0.1", "localhost", "127.0.0.1"} {
		port, err := ports.Free(host)
		if err != nil || told[port] {
			t.Fatalf("%d, of %v: %v", port, told, err)
		}
		told[port] = true
		for range 2 {
			listener, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
			if err != nil {
				t.Fatal(err)
			}
			listener.Close()
		}
	}
}
