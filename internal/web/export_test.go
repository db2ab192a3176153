package web

import (
	"time"

	"github.com/gin-gonic/gin"
)

// BodyWithin reads a body within another time than [Body].
func BodyWithin(c *gin.Context, limit int64, within time.Duration) ([]byte, error) {
	return read(c, limit, within)
}
