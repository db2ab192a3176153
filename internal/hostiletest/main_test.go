package hostiletest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/internal/pgtest"
)

// shared is what all tests of the package have in common.
var shared = struct {
	watch  *canary.Watch // over every secret that goes through the package
	counts *counts
	rings  func() *keyring // made once, because an RSA key takes long
}{canary.New(), &counts{cases: make(map[string]int), places: make(map[string]map[string]bool)}, sync.OnceValue(newKeyring)}

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	code := pgtest.Run(m)
	if testing.Verbose() {
		fmt.Print(shared.counts)
	}
	leaks := shared.watch.Leaks()
	for _, leak := range leaks {
		fmt.Println("a secret shows:", leak)
	}
	if len(leaks) > 0 {
		code = 1
	}
	os.Exit(code)
}

// counts are how many cases there are of each group. A case that runs on several
// storages is one.
type counts struct {
	mu     sync.Mutex
	cases  map[string]int
	runs   int
	places map[string]map[string]bool
}

func (c *counts) add(place, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	if c.places[name] == nil {
		c.places[name] = make(map[string]bool)
		group, _, _ := strings.Cut(name, "/")
		c.cases[group]++
	}
	c.places[name][place] = true
}

func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var text strings.Builder
	for _, group := range slices.Sorted(maps.Keys(c.cases)) {
		fmt.Fprintf(&text, "%6d cases of the group %s\n", c.cases[group], group)
	}
	secrets, bytes := shared.watch.Seen()
	fmt.Fprintf(&text, "%6d cases in all, %d runs; %d secrets looked for in %d bytes\n",
		len(c.places), c.runs, secrets, bytes)
	return text.String()
}
