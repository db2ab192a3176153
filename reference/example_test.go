package reference_test

import (
	"log"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/reference"
)

// The page of the API is at /api/reference/.
func ExampleMount() {
	api := gin.Default().Group("/api")
	if _, err := authtodo.Register(api, authtodo.Options{}); err != nil {
		log.Fatal(err)
	}
	if err := reference.Mount(api, "/reference"); err != nil {
		log.Fatal(err)
	}
}
