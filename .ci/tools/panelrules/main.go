// Command panelrules prints the queries of a Grafana dashboard as a file of recording rules, one for each, so that
// `promtool check rules` can tell whether they are PromQL: Grafana shows a panel whose query is none as "No data".
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: panelrules DASHBOARD.json")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = translate(text, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "panelrules:", err)
		os.Exit(1)
	}
}

// variables are Grafana's own in our queries, with a value that they can have.
var variables = strings.NewReplacer("$__rate_interval", "1m")

// translate writes the rules. A variable that is not known, a query that is empty, and a dashboard without queries are errors.
func translate(dashboard []byte, out io.Writer) error {
	var d struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(dashboard, &d); err != nil {
		return err
	}
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			expr := variables.Replace(q.Expr)
			if expr == "" || strings.Contains(expr, "$") {
				return fmt.Errorf("panel %d %q, query %s: empty, or has a variable that is not known: %q", p.ID, p.Title, q.RefID, expr)
			}
			rules = append(rules, rule{fmt.Sprintf("panel:%d_%s", p.ID, q.RefID), expr})
		}
	}
	if len(rules) == 0 {
		return errors.New("no queries")
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "panels", "rules": rules}}})
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}
