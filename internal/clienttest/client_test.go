package clienttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// transcript is what the script saw of one side in one mode.
type transcript struct {
	Steps  []step
	Broken string // why it could not go on
}

// step is a call: what the client made of the answer, and the answer, by member.
type step struct {
	Name string
	Seen map[string]string
}

// TestOfficialClient has the same script run by the official clients on a real
// Better Auth server and on the module. Whatever differs must be in the table
// of docs/accounts.md, and everything there must differ.
func TestOfficialClient(t *testing.T) {
	needs(t)
	var results map[string]struct{ BetterAuth, Module transcript }
	text := run(t, "run.mjs", map[string]side{"betterAuth": betterAuth(t), "module": hosts(t)})
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	rows := table(t)
	calls, same := 0, 0
	for _, mode := range slices.Sorted(maps.Keys(results)) {
		theirs, ours := results[mode].BetterAuth, results[mode].Module
		for name, side := range map[string]transcript{"Better Auth": theirs, "the module": ours} {
			if side.Broken != "" {
				t.Errorf("%s: the script on %s broke %s", mode, name, side.Broken)
			}
		}
		for i := range min(len(theirs.Steps), len(ours.Steps)) {
			calls++
			found := compare(t, theirs.Steps[i], ours.Steps[i])
			if len(found) == 0 {
				same++
			}
			if unknown := unlisted(rows, found); len(unknown) > 0 {
				t.Errorf("not in the table:\n%s\n%s", strings.Join(unknown, "\n"), both(theirs.Steps[i], ours.Steps[i]))
			}
		}
	}
	t.Logf("%d calls, %d answered the same in every member", calls, same)
	if !t.Failed() {
		stale(t, rows)
	}
}

// compare returns the members that differ.
func compare(t *testing.T, theirs, ours step) []difference {
	t.Helper()
	if theirs.Name != ours.Name {
		t.Fatalf("the scripts went apart: %s, %s", theirs.Name, ours.Name)
	}
	members := maps.Clone(theirs.Seen)
	maps.Copy(members, ours.Seen)
	var found []difference
	for _, member := range slices.Sorted(maps.Keys(members)) {
		d := difference{theirs.Name, member, value(theirs, member), value(ours, member)}
		if d.theirs != d.ours {
			found = append(found, d)
		}
	}
	return found
}

func value(s step, member string) string {
	if v, ok := s.Seen[member]; ok {
		return v
	}
	return absent
}

// unlisted are the differences that no row of the table is about.
func unlisted(rows []*row, found []difference) []string {
	var unknown []string
	for _, d := range found {
		known := false
		for _, r := range rows {
			known = r.covers(d) || known
		}
		if !known {
			unknown = append(unknown, d.String())
		}
	}
	return unknown
}

// stale fails for everything in the table that does not differ.
func stale(t *testing.T, rows []*row) {
	t.Helper()
	for _, r := range rows {
		if !r.used {
			t.Errorf("there is no such difference: %s", r.text)
			continue
		}
		for _, cell := range r.cells {
			for _, p := range cell {
				if !p.used {
					t.Errorf("nothing that differs is %s in %s", p.text, r.text)
				}
			}
		}
	}
}

// both shows what the two sides answered, for a message.
func both(theirs, ours step) string {
	show := func(s step) string {
		var b strings.Builder
		for _, member := range slices.Sorted(maps.Keys(s.Seen)) {
			fmt.Fprintf(&b, " %s=%s", member, s.Seen[member])
		}
		return b.String()
	}
	return fmt.Sprintf("Better Auth:%s\nthe module:%s", show(theirs), show(ours))
}
