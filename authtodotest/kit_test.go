package authtodotest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/authtodotest"
)

// reports is a handler of a host.
func reports(c *gin.Context) { c.String(http.StatusOK, "reports of "+auth.UserID(c)) }

// TestReports is a host's test of a handler of its own: five lines, and what is
// wanted.
func TestReports(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	kit := authtodotest.Mount(t, engine.Group("/api"))
	engine.GET("/reports", kit.Guard(), reports)
	answer := kit.Serve(engine, kit.Request("ada", "GET", "/reports", ""))
	if answer.Code != 200 || answer.Body.String() != "reports of ada" {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	if answer := kit.Serve(engine, kit.Request("", "GET", "/reports", "")); answer.Code != 401 {
		t.Errorf("without a token: got %d", answer.Code)
	}
}

// TestTodos: the whole answer is known, and each user has their own.
func TestTodos(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	kit := authtodotest.Mount(t, engine.Group("/api"))
	const want = `{"id":"00000000-0000-7000-8000-00000000000%d","user_id":"%s","title":"x",` +
		`"description":null,"completed":false,"completed_at":null,"position":%d,` +
		`"created_at":"2030-01-01T12:00:00.000Z","updated_at":"2030-01-01T12:00:00.000Z","version":1}`
	for i, user := range []string{"ada", "eve"} {
		answer := kit.Serve(engine, kit.Request(user, "POST", "/api/todos", `{"title":"x"}`))
		if got := strings.TrimSpace(answer.Body.String()); got != fmt.Sprintf(want, i+1, user, 65536) {
			t.Errorf("got %d\n%s", answer.Code, got)
		}
	}
}

// TestClock: tokens end by the clock of the kit, and claims can be anything.
func TestClock(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	kit := authtodotest.Mount(t, engine.Group("/api"))
	old := kit.Request("ada", "GET", "/api/todos", "")
	kit.Advance(authtodotest.Life * 2)
	if answer := kit.Serve(engine, old); answer.Code != 401 {
		t.Errorf("two hours later: got %d", answer.Code)
	}
	if answer := kit.Serve(engine, kit.Request("ada", "GET", "/api/todos", "")); answer.Code != 200 {
		t.Errorf("with a new token: got %d %s", answer.Code, answer.Body)
	}
	for about, claims := range map[string]map[string]any{
		"expired": {"exp": kit.Now().Unix() - 3600}, "not for us": {"aud": "https://other.example"},
	} {
		r := kit.Request("", "GET", "/api/todos", "")
		r.Header.Set("Authorization", "Bearer "+kit.TokenWith("ada", claims))
		if answer := kit.Serve(engine, r); answer.Code != 401 {
			t.Errorf("%s: got %d", about, answer.Code)
		}
	}
}
