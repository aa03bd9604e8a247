// Command composecheck reads a docker-compose file as Compose itself does, without an engine: unknown keys, undefined
// dependencies and whatever Compose would only warn of are errors. It prints the services and exits 0, or exits 1.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: composecheck docker-compose.yml")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "composecheck: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// warnings keeps what compose-go logs, such as a variable that is not set.
type warnings struct{ lines []string }

func (w *warnings) Levels() []logrus.Level {
	return []logrus.Level{logrus.WarnLevel, logrus.ErrorLevel}
}

func (w *warnings) Fire(e *logrus.Entry) error {
	w.lines = append(w.lines, e.Message)
	return nil
}

func check(path string) error {
	project, err := load(path) // no environment: the file must stand on its defaults
	if err != nil {
		return err
	}
	for _, service := range project.Services {
		if err := buildable(service); err != nil {
			return err
		}
		for _, v := range service.Volumes {
			if v.Type != "bind" {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				return fmt.Errorf("service %s mounts what is not there: %w", service.Name, err)
			}
		}
	}
	names := project.ServiceNames()
	slices.Sort(names)
	fmt.Println("compose: services", names)
	return nil
}

// load reads the file with the variables of environ ("NAME=value"). A warning is an error.
func load(path string, environ ...string) (*types.Project, error) {
	var found warnings
	before := logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	defer logrus.StandardLogger().ReplaceHooks(before)
	logrus.AddHook(&found)
	options, err := cli.NewProjectOptions([]string{path}, cli.WithName("ordersync"), cli.WithResolvedPaths(true), cli.WithEnv(environ))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	if len(found.lines) > 0 {
		return nil, fmt.Errorf("warnings: %q", found.lines)
	}
	return project, nil
}

var argument = regexp.MustCompile(`(?m)^ARG ([A-Z_]+)`)

// buildable tells whether the Dockerfile takes what the service hands to it: Docker only warns of an argument that nobody takes.
func buildable(service types.ServiceConfig) error {
	if service.Build == nil {
		return nil
	}
	file := filepath.Join(service.Build.Context, service.Build.Dockerfile)
	if filepath.IsAbs(service.Build.Dockerfile) {
		file = service.Build.Dockerfile
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("service %s: %w", service.Name, err)
	}
	taken := map[string]bool{}
	for _, m := range argument.FindAllStringSubmatch(string(text), -1) {
		taken[m[1]] = true
	}
	for name := range service.Build.Args {
		if !taken[name] {
			return fmt.Errorf("service %s hands %s to a Dockerfile that has no ARG of that name", service.Name, name)
		}
	}
	return nil
}
