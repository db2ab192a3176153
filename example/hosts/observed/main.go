// Command observed is a service that Prometheus scrapes and OpenTelemetry traces.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

func main() {
	traces := sdk.NewTracerProvider() // with an exporter, in earnest
	engine, err := newEngine(os.Getenv("SECRET"), prometheus.NewRegistry(), traces)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(engine.Run("127.0.0.1:8080"))
}

func newEngine(secret string, metrics *prometheus.Registry, traces trace.TracerProvider) (*gin.Engine, error) {
	engine := gin.New()
	_, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
		Observe: observe(metrics, traces.Tracer("authtodo")),
	})
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(metrics, promhttp.HandlerOpts{})))
	return engine, err
}

// observe counts and times every operation, and makes a span of it.
func observe(metrics *prometheus.Registry, tracer trace.Tracer) func(context.Context, string) (context.Context, func(error)) {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "authtodo_operation_seconds", Help: "What the module waits for.",
		Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8),
	}, []string{"operation", "result"})
	metrics.MustRegister(seconds)
	return func(ctx context.Context, operation string) (context.Context, func(error)) {
		begun := time.Now()
		ctx, span := tracer.Start(ctx, operation)
		return ctx, func(err error) {
			result := "ok"
			switch {
			case errors.Is(err, todos.ErrUnavailable):
				result = "unavailable"
				span.SetStatus(codes.Error, result)
			case err != nil:
				result = "refused" // an answer like any other: not found, or not to be believed
			}
			span.End()
			seconds.WithLabelValues(operation, result).Observe(time.Since(begun).Seconds())
		}
	}
}
