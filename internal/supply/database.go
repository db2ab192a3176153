package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// report is what the index of a vulnerability database needs to know of an entry
// in the format of osv.dev.
type report struct {
	ID        string     `json:"id"`
	Modified  time.Time  `json:"modified"`
	Withdrawn *time.Time `json:"withdrawn"`
	Affected  []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
	} `json:"affected"`
}

// indexed is a module in the index (go.dev/doc/security/vuln/database).
type indexed struct {
	Path  string  `json:"path"`
	Vulns []entry `json:"vulns"`
}

type entry struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
}

// database makes the Go vulnerability database in dir, of the newest version of
// its source, which is a module: whoever can build can check.
func database(ctx context.Context, dir string) (reports int, version string, err error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", "golang.org/x/vulndb@latest").Output()
	var module struct{ Version, Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); err != nil || jsonErr != nil {
		return 0, "", fmt.Errorf("golang.org/x/vulndb: %s: %w", module.Error, errors.Join(err, jsonErr))
	}
	files, err := filepath.Glob(filepath.Join(module.Dir, "data", "osv", "GO-*.json"))
	if err != nil || len(files) == 0 {
		return 0, "", fmt.Errorf("golang.org/x/vulndb has no reports where they were: %w", err)
	}
	byModule := make(map[string][]entry)
	for _, file := range files {
		if err := add(byModule, dir, file); err != nil {
			return 0, "", fmt.Errorf("%s: %w", file, err)
		}
	}
	modules := make([]indexed, 0, len(byModule))
	for path, entries := range byModule {
		modules = append(modules, indexed{path, entries})
	}
	return len(files), module.Version, errors.Join(
		write(filepath.Join(dir, "index", "modules.json"), modules),
		write(filepath.Join(dir, "index", "db.json"), map[string]time.Time{"modified": time.Now()}),
	)
}

// add copies a report, unless it was withdrawn.
func add(byModule map[string][]entry, dir, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil || r.Withdrawn != nil {
		return err
	}
	for _, affected := range r.Affected {
		name := affected.Package.Name
		byModule[name] = append(byModule[name], entry{r.ID, r.Modified})
	}
	return write(filepath.Join(dir, "ID", r.ID+".json"), json.RawMessage(text))
}

func write(file string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
