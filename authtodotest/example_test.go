package authtodotest_test

import (
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/authtodotest"
)

// A test of a handler behind the guard.
func ExampleMount() {
	_ = func(t *testing.T) {
		engine := gin.New()
		kit := authtodotest.Mount(t, engine.Group("/api"))
		engine.GET("/reports", kit.Guard(), reports)
		if answer := kit.Serve(engine, kit.Request("ada", "GET", "/reports", "")); answer.Code != 200 {
			t.Errorf("got %d %s", answer.Code, answer.Body)
		}
	}
}
