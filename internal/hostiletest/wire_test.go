package hostiletest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/postgres"
)

// wire stands between the module and a Postgres, and writes down what each says:
// the statements, their arguments and the rows.
type wire struct {
	mu   sync.Mutex
	said []string
}

// onRecordedPostgres is a storage whose every byte is written down.
func onRecordedPostgres(t *testing.T) (storage.Backend, *wire) {
	t.Helper()
	server := newPostgres(t)
	network, upstream := addressOf(t, server.URL)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			database, err := net.Dial(network, upstream)
			if err != nil {
				client.Close()
				continue
			}
			running.Go(func() { w.relay("module", client, database, true) })
			running.Go(func() { w.relay("database", database, client, false) })
		}
	})
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	db, err := postgres.Open(t.Context(), fmt.Sprintf("%s host=%s port=%s", server.URL, host, port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		listener.Close()
		running.Wait()
	})
	return db.Backend(), w
}

// addressOf is where the server of a connection string listens.
func addressOf(t *testing.T, url string) (network, address string) {
	t.Helper()
	host := regexp.MustCompile(`host='?([^ ']+)`).FindStringSubmatch(url)
	port := regexp.MustCompile(`port='?(\d+)`).FindStringSubmatch(url)
	if host == nil {
		t.Fatal("the connection string names no host")
	}
	number := "5432"
	if port != nil {
		number = port[1]
	}
	if strings.HasPrefix(host[1], "/") {
		return "unix", filepath.Join(host[1], ".s.PGSQL."+number)
	}
	return "tcp", net.JoinHostPort(host[1], number)
}

// relay passes messages on, one by one. The first of a client has no type.
func (w *wire) relay(who string, from, to net.Conn, untyped bool) {
	defer from.Close()
	defer to.Close()
	for {
		head := make([]byte, 5)
		if untyped {
			head = head[:4]
		}
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		if !untyped {
			w.note(who, head[0], body)
		}
		untyped = false
		if _, err := to.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// note writes a message down. Those of the start of a connection are left out:
// they come when they come.
func (w *wire) note(who string, kind byte, body []byte) {
	if strings.IndexByte("pRSK", kind) >= 0 && who == "database" || kind == 'p' {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprintf("%s: %c %q", who, kind, body))
}

// take is what was said since the last time, where id stands for a todo, as text
// or as bytes.
func (w *wire) take(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := strings.Join(w.said, "\n")
	w.said = nil
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err == nil {
		quoted := fmt.Sprintf("%q", raw)
		text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], "the id")
	}
	return strings.ReplaceAll(text, id, "the id")
}

// statements is how many statements the module has sent.
func statements(said string) int {
	return bytes.Count([]byte(said), []byte("module: P ")) + bytes.Count([]byte(said), []byte("module: Q "))
}
