package pgtest

import "testing"

// What the tests see of the inside; they are another package because that is
// how this one is used.

const FolderPrefix = folderPrefix

func Find(name string) (string, error) { return find(name) }

func Refuse(t testing.TB, err error) { refuse(t, err) }

func Sweep(base string) { sweep(base) }

func FastFolder() string { return fastFolder() }
