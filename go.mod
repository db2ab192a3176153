module github.com/authtodo/authtodo

go 1.26.0

require (
	github.com/gofrs/uuid/v5 v5.5.1
	golang.org/x/text v0.43.0
)
