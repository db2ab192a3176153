package clienttest

import "testing"

func hosts(t *testing.T) side {
	t.Skip("the module issues no tokens yet")
	return side{}
}

func page(t *testing.T, script string) string {
	t.Skip("the module issues no tokens yet", script)
	return ""
}
