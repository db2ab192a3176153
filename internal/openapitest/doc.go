// Package openapitest checks todos/openapi.json: that it is an OpenAPI 3.1
// document, that its examples obey its schemas, and that what a mounted module
// answers is what it says.
//
// It is a module of its own, so that the libraries that know OpenAPI are in no
// host's go.mod. It has tests only:
//
//	cd internal/openapitest && go test -count=1 ./...
//
// The go command caches the results of tests without regard to files outside
// of their module, so without -count=1 a change of the document goes unseen.
package openapitest
