// Command kubecheck reads the Kubernetes manifests of this repository as the API server would, without one: the kustomizations are
// built, every document is decoded strictly into its published type, and what a decoder cannot know is checked by rules of our own
// (pods.go, deployments.go, links.go, network.go, scaling.go). It prints what it has read and exits 0, or prints every problem and exits 1.
//
// # Why not kubectl --dry-run
//
// It needs an API server even for a dry run on the client's side, and tells nothing of a port that nobody serves or an environment variable that is no
// key. What only a cluster can tell (quotas, admission, what its network plug-in heeds) is not checked here.
//
// # Where the facts come from
//
// Keys of the configuration from configs/ordersync.example.yaml, recorded series and their groups from
// configs/monitoring/ordersync.rules.yml: tests of the product hold both to the program. A test in cmd/ordersync loads the very
// variables of these manifests and asks for their commands.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: kubecheck CONFIGS")
		os.Exit(2)
	}
	files, err := readTree(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubecheck:", err)
		os.Exit(1)
	}
	read, problems := check(files)
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "kubecheck:", p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Println("kubernetes:", read, "documents in", len(variants), "variants")
}

// readTree reads what the check needs of the folder configs: a path below it to its content.
func readTree(configs string) (map[string]string, error) {
	files := map[string]string{}
	for _, pattern := range []string{exampleFile, rulesFile, "kubernetes/*.yaml", "kubernetes/*/*"} {
		names, err := filepath.Glob(filepath.Join(configs, pattern))
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("nothing is at %s", filepath.Join(configs, pattern))
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			below, err := filepath.Rel(configs, name)
			if err != nil {
				return nil, err
			}
			files[filepath.ToSlash(below)] = string(text)
		}
	}
	return files, nil
}

// check returns how many documents were read and what is wrong with them.
func check(files map[string]string) (read int, problems []string) {
	f, err := readFacts(files)
	if err != nil {
		return 0, []string{err.Error()}
	}
	for _, v := range variants {
		c := &cluster{facts: f, variant: v.name}
		if err := c.build(files, v); err != nil {
			problems = append(problems, v.name+": "+err.Error())
			continue
		}
		c.apply()
		read += c.read
		problems = append(problems, c.problems...)
	}
	return read, problems
}

// apply runs all rules.
func (c *cluster) apply() {
	c.checkNames()
	for _, p := range c.pods() {
		c.checkPod(p)
		c.checkContainers(p)
		c.checkEnviron(p)
		c.checkReached(p)
	}
	for _, d := range c.deployments {
		c.checkDeployment(d)
	}
	c.checkServices()
	c.checkDisruption()
	c.checkPolicies()
	c.checkMonitors()
	c.checkScaling()
	c.checkSecrets()
}
