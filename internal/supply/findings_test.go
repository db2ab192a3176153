package main

import (
	"strings"
	"testing"
)

// TestJudge: what is reached fails unless it is explained, and so does an
// explanation of nothing.
func TestJudge(t *testing.T) {
	const out = `{"config":{}}
{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[{"module":"example.com/a","version":"v1.0.0"}]}}
{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[{"module":"example.com/a","version":"v1.0.0","package":"example.com/a","function":"F"}]}}
{"finding":{"osv":"GO-2","trace":[{"module":"stdlib","version":"v1.26.0"}]}}`
	found, err := parse([]byte(out))
	if err != nil || len(found) != 3 {
		t.Fatalf("read %v, %v", found, err)
	}
	for _, test := range []struct {
		accepted map[string]string
		fault    string // empty: none
	}{
		{nil, "GO-1 in example.com/a v1.0.0 reaches example.com/a.F"},
		{map[string]string{"GO-1": "only tests call it"}, ""},
		{map[string]string{"GO-1": "only tests call it", "GO-2": "x"}, "GO-2 is accepted and does not occur"},
	} {
		var said strings.Builder
		err := judge(&said, found, test.accepted)
		if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("with %v: %v", test.accepted, err)
		}
		if !strings.Contains(said.String(), "GO-2 in stdlib v1.26.0, of which nothing is called") {
			t.Errorf("GO-2 is not told: %s", &said)
		}
	}
}
