// Command composecheck reads a docker-compose file as Compose itself does, without an engine: unknown keys, undefined
// dependencies and whatever Compose would only warn of are errors. It prints the services and exits 0, or exits 1.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
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
	var found warnings
	logrus.AddHook(&found)
	// No environment: the file must stand on its defaults.
	options, err := cli.NewProjectOptions([]string{path}, cli.WithName("ordersync"), cli.WithResolvedPaths(true))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	if len(found.lines) > 0 {
		return fmt.Errorf("warnings: %q", found.lines)
	}
	for _, service := range project.Services {
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
