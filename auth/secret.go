package auth

import (
	"fmt"
	"slices"

	"github.com/authtodo/authtodo/internal/secret"
)

const maxPrevious = 8 // secrets

// faults implements [source].
func (s *sharedSecret) faults() []string {
	var faults []string
	if len(s.secrets)-1 > maxPrevious {
		faults = append(faults, fmt.Sprintf("%d previous secrets; at most %d are taken",
			len(s.secrets)-1, maxPrevious))
	}
	for i, text := range s.secrets {
		name := "the current secret"
		if i > 0 {
			name = fmt.Sprintf("previous secret %d", i)
		}
		if fault := secret.Weakness(text); fault != "" {
			faults = append(faults, name+" "+fault)
		}
		if slices.Contains(s.secrets[:i], text) {
			faults = append(faults, name+" is there twice")
		}
	}
	return faults
}
