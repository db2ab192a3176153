// Package house proves the house rules: what every package of the module obeys
// and no compiler checks. It reads the sources as they are on the disk, so it
// needs no network and no tool beside Go. Tests are free of the rules.
package house
