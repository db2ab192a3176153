package todos

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/web"
)

// versionTag is the entity tag of a todo, without quotes. It is strong: the
// same version is the same todo, byte for byte.
func versionTag(version int64) string { return strconv.FormatInt(version, 10) }

// versions are those that an If-Match names; nil is any. Tags that are weak or
// name no version match nothing (RFC 9110 section 13.1.1).
func versions(match web.Tags) []int64 {
	if !match.Set || match.Any {
		return nil
	}
	found := make([]int64, 0, len(match.List))
	for _, tag := range match.List {
		version, err := strconv.ParseInt(tag.Opaque, 10, 64)
		if err == nil && !tag.Weak && tag.Opaque == versionTag(version) {
			found = append(found, version)
		}
	}
	return found
}

// revisionTag is the weak entity tag of a list, without quotes. It stands for
// all todos of the owner, so it is the same for every page and filter.
func revisionTag(r Revision) string {
	if r == (Revision{}) {
		return "0" // never had a todo
	}
	return r.Epoch + "-" + strconv.FormatInt(r.Number, 10)
}

// knownRevision is the first revision that an If-None-Match names, for a store
// to compare; the zero Revision if there is none.
func knownRevision(known web.Tags) Revision {
	for _, tag := range known.List {
		cut := strings.LastIndexByte(tag.Opaque, '-')
		if cut < 1 {
			continue
		}
		number, err := strconv.ParseInt(tag.Opaque[cut+1:], 10, 64)
		r := Revision{Epoch: tag.Opaque[:cut], Number: number}
		if err == nil && len(r.Epoch) <= maxEpoch && revisionTag(r) == tag.Opaque {
			return r
		}
	}
	return Revision{}
}

// maxEpoch is how long an epoch may be, in bytes. Those that stores make are
// shorter.
const maxEpoch = 64

// notModified answers 304 with the tag of what the client has.
func notModified(c *gin.Context, tag string) {
	c.Header("ETag", tag)
	web.Empty(c, http.StatusNotModified)
}
