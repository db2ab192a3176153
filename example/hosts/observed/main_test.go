package main

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
)

func TestObserved(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	engine, err := newEngine(hosttest.Secret, prometheus.NewRegistry(), sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)))
	if err != nil {
		t.Fatal(err)
	}
	host := hosttest.Listen(t, engine)
	ada := "Authorization: Bearer " + hosttest.Token(t, hosttest.Secret, "ada")
	host.Want(201, "POST", "/api/todos", `{"title":"x"}`, ada)
	host.Want(200, "GET", "/api/todos", "", ada)
	host.Want(404, "GET", "/api/todos/0199a2f4-7c00-7000-8000-000000000001", "", ada)
	host.Want(401, "GET", "/api/todos", "", ada+"x")
	scraped := host.Want(200, "GET", "/metrics", "").Body
	for _, want := range []string{
		`authtodo_operation_seconds_count{operation="todos.create",result="ok"} 1`,
		`authtodo_operation_seconds_count{operation="todos.list",result="ok"} 1`,
		`authtodo_operation_seconds_count{operation="todos.get",result="refused"} 1`,
		`authtodo_operation_seconds_count{operation="auth.verify",result="ok"} 1`,
		`authtodo_operation_seconds_count{operation="auth.verify",result="refused"} 1`,
	} {
		if !strings.Contains(scraped, want) {
			t.Errorf("the metrics lack %s:\n%s", want, scraped)
		}
	}
	var names []string
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
	}
	if got := strings.Join(names, " "); got != "auth.verify todos.create todos.list todos.get auth.verify" {
		t.Errorf("the spans are %s", got)
	}
}
