// Command supply looks at what the module is made of: whether a version of a
// module in the build, or of Go, has a known vulnerability that the code can
// reach. Its tests look at the licences, and at the page that lists them all.
//
// It is a module of its own, so that what it needs is in no host's go.sum.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// root is the folder of the module that is looked at.
const root = "../.."

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "supply:", err)
		os.Exit(1)
	}
}

// run fails if there is a finding that nobody has explained, or an explanation
// without a finding.
func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "vulndb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	n, version, err := database(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d reports, golang.org/x/vulndb %s\n", n, version)
	found, err := scan(ctx, dir)
	if err != nil {
		return err
	}
	return judge(out, found, accepted())
}
