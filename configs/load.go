package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"gopkg.in/yaml.v3"
)

const (
	prefix = "ORDERSYNC_"
	levels = "__" // between the levels of a key in a variable's name

	// FileVariable names the config file where no flag does. It is no key.
	FileVariable = prefix + "CONFIG"
	// LangVariable names the language of the command line: en or zh. It is no key.
	LangVariable = prefix + "LANG"
	// testPrefix is for variables of our own tests.
	testPrefix = prefix + "TEST_"
	// clientPrefix is for variables of clients, such as tasks/php: they live beside a worker's.
	clientPrefix = prefix + "CLIENT_"

	maxSecretFile = 64 << 10
)

// fromKubernetes matches what Kubernetes sets in every container of a namespace that has a service called "ordersync…".
var fromKubernetes = regexp.MustCompile(`_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// oldClientVariables are the names that clients read before clientPrefix was theirs.
var oldClientVariables = []string{prefix + "URL", prefix + "TOKEN", prefix + "CALLBACK_TOKEN"}

// foreign tells whether a variable is somebody else's who lives beside us.
func foreign(name string) bool {
	return name == LangVariable || strings.HasPrefix(name, testPrefix) || strings.HasPrefix(name, clientPrefix) || slices.Contains(oldClientVariables, name)
}

func variable(path string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(path, ".", levels))
}

// loader reads the layers into one Config and collects what is wrong with them.
type loader struct {
	cfg      *Config
	byPath   map[string]*key
	from     map[string]string
	problems []Problem

	credentials string // the folder of what systemd hands to this service; empty: none
}

// Load reads the YAML file at path ("" for none), then the variables of environ ("NAME=value" as from os.Environ), which win. The
// error is an *Error with every problem found. What only some commands need is checked by Config.Require.
//
// A check adds the problems that only somebody beyond this room can see; Load fills in their From.
// It is asked where every value could be read.
func Load(path string, environ []string, checks ...func(*Config) []Problem) (*Config, error) {
	l := &loader{cfg: Default(), from: map[string]string{}}
	l.cfg.from = l.from
	l.byPath = index(l.cfg.keys())

	for _, e := range environ {
		if folder, is := strings.CutPrefix(e, credentialsVariable); is {
			l.credentials = folder
		}
	}
	k := koanf.New(".")
	l.readFile(k, path)
	l.readEnviron(k, environ)
	l.decode(k.Raw(), "", path)

	if _, given := l.from["shop.columns.order_no"]; !given {
		l.cfg.Shop.Columns.OrderNo = l.cfg.Shop.Columns.ID
	}
	if _, given := l.from["shop.status"]; !given && l.cfg.Shop.SQL.Order != "" {
		l.cfg.Shop.Status = nil // the default is what the PHP class's numbers mean, and nobody else's
	}
	l.readStandard(environ)
	if len(l.problems) == 0 { // values that could not be read would be compared with defaults that nobody chose
		l.problems = l.cfg.together()
		for _, check := range checks {
			for _, p := range check(l.cfg) {
				l.add(p.Key, l.from[p.Key], "%s", p.Want)
			}
		}
	}
	if err := asError(l.problems); err != nil {
		return nil, err
	}
	return l.cfg, nil
}

func (l *loader) add(key, from, format string, args ...any) {
	l.problems = append(l.problems, Problem{Key: key, From: from, Want: fmt.Sprintf(format, args...)})
}

func (l *loader) readFile(k *koanf.Koanf, path string) {
	if path == "" {
		return
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		l.add("config file", "", "cannot be read: %v", err)
		return
	}
	if err := oneMapping(data); err != nil {
		l.add("config file", path, "%v", err)
		return
	}
	if err := k.Load(rawbytes.Provider(data), koanfyaml.Parser()); err != nil {
		l.add("config file", path, "%v", notYAML(err))
	}
}

var yamlLine = regexp.MustCompile(`\bline [0-9]+\b`)

// notYAML passes on the parser's words unless they quote the file: `password: *hunter2` is an unknown anchor called hunter2.
func notYAML(err error) error {
	words := err.Error()
	if !strings.ContainsAny(words, "'\"`") {
		return err
	}
	where := yamlLine.FindString(words)
	if where == "" {
		where = "line not known"
	}
	return fmt.Errorf("is not valid YAML (%s): a key given twice, or a text that begins with * & ! and needs quotes", where)
}

// oneMapping refuses what the parser would accept in silence (a second document) or complain about with the file's content in
// its words (a text where the mapping should be).
func oneMapping(data []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return notYAML(err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode && doc.Content[0].Tag != "!!null" {
		return errors.New("want keys and values at the top level")
	}
	if !errors.Is(d.Decode(&more), io.EOF) {
		return errors.New("want one YAML document, found more")
	}
	return nil
}

func (l *loader) readEnviron(k *koanf.Koanf, environ []string) {
	provider := env.Provider(".", env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			path, ok := l.pathOf(name)
			if !ok {
				return "", nil
			}
			l.from[path] = name
			// The environment wins over the file also where one gives the secret and the other the path to it.
			if twin, isFile := strings.CutSuffix(path, "_file"); isFile && l.byPath[twin] == l.byPath[path] {
				l.dropFromFile(k, environ, twin)
			} else if l.byPath[path+"_file"] != nil {
				l.dropFromFile(k, environ, path+"_file")
			}
			return path, value
		},
	})
	if err := k.Load(provider, nil); err != nil {
		l.add("environment", "", "%v", err)
	}
}

// dropFromFile forgets the file's value of a key, unless the environment gives that too: then both stay and are a problem.
func (l *loader) dropFromFile(k *koanf.Koanf, environ []string, path string) {
	for _, e := range environ {
		if strings.HasPrefix(e, variable(path)+"=") {
			return
		}
	}
	k.Delete(path)
}

// pathOf is the key that a variable sets. A name that no key has is a problem; ok is false then.
func (l *loader) pathOf(name string) (path string, ok bool) {
	if name == FileVariable || foreign(name) {
		return "", false
	}
	path = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), levels, "."))
	if l.byPath[path] != nil {
		return path, true
	}
	if at := strings.LastIndexByte(path, '.'); at > 0 {
		if k := l.byPath[path[:at]]; k != nil && k.group && k.path == path[:at] {
			return path, true
		}
	}
	if !strings.Contains(name, levels) {
		if fromKubernetes.MatchString(name) {
			return "", false
		}
		if near := l.nearest(strings.ReplaceAll(path, "_", ".")); near != "" {
			l.add(path, name, "is not a key: is %s meant? (levels are joined by two underscores)", variable(near))
			return "", false
		}
		l.add(path, name, "is not a key (levels are joined by two underscores: %s)", variable("mysql.dsn"))
		return "", false
	}
	if near := l.nearest(path); near != "" {
		l.add(path, name, "is not a key: is %s meant?", variable(near))
		return "", false
	}
	l.add(path, name, "is not a key (configs/ordersync.example.yaml lists them all)")
	return "", false
}

// decode walks the merged layers; file is where values come from that no variable gave.
func (l *loader) decode(raw map[string]any, above, file string) {
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		path, value := above+name, raw[name]
		if l.from[path] == "" {
			l.from[path] = file
		}
		k := l.byPath[path]
		switch below, isGroup := value.(map[string]any); {
		case value == nil: // "key:" with nothing behind it
			delete(l.from, path)
		case k != nil && k.path == path:
			l.assign(k, value, raw)
		case k != nil:
			l.assignFile(k, value, raw)
		case !l.isLevel(path):
			l.add(path, l.from[path], "is not a key%s", l.meant(path))
		case !isGroup:
			l.add(path, l.from[path], "want keys below it, found %s", kind(value))
		default:
			l.decode(below, path+".", file)
		}
	}
}

// isLevel tells whether keys lie below path.
func (l *loader) isLevel(path string) bool {
	for p := range l.byPath {
		if strings.HasPrefix(p, path+".") {
			return true
		}
	}
	return false
}

func (l *loader) assign(k *key, value any, siblings map[string]any) {
	if siblings[lastLevel(k.path)+"_file"] != nil {
		l.add(k.path, l.from[k.path], "is given, and %s_file too: want one of both", k.path)
		return
	}
	if err := k.value.set(value); err != nil {
		l.add(k.path, l.from[k.path], "%v", err)
	}
}

// assignFile reads a secret from the file that <key>_file names. One line end at its end is not part of it.
func (l *loader) assignFile(k *key, value any, siblings map[string]any) {
	path := k.path + "_file"
	name, ok := value.(string)
	if !ok || name == "" {
		l.add(path, l.from[path], "want the path of a file")
		return
	}
	if siblings[lastLevel(k.path)] != nil {
		return // assign reports it
	}
	content, err := readSecret(name)
	if empty := new(emptyError); errors.As(err, &empty) && l.isCredential(name) {
		delete(l.from, path)
		return
	}
	if err != nil {
		l.add(path, l.from[path], "%v", err)
		return
	}
	if err := k.value.set(content); err != nil {
		l.add(path, l.from[path], "the content of the file: %v", err)
		return
	}
	l.from[k.path] = name
}

// isCredential tells whether a file is one of those that systemd hands to its service. A unit names all
// of them, so an empty one is a key that is not set; elsewhere it is a mistake.
func (l *loader) isCredential(name string) bool {
	return l.credentials != "" && filepath.Dir(filepath.Clean(name)) == filepath.Clean(l.credentials)
}

// credentialsVariable is systemd's: the folder of a service's credentials.
const credentialsVariable = "CREDENTIALS_DIRECTORY="

// emptyError: nothing is in a file that should hold a secret.
type emptyError struct{ name string }

func (e *emptyError) Error() string { return fmt.Sprintf("%s is empty", e.name) }

func lastLevel(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func readSecret(name string) (string, error) {
	f, err := os.Open(name) //nolint:gosec // the operator names the file
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSecretFile {
		return "", fmt.Errorf("%s has more than %d bytes", name, maxSecretFile)
	}
	content := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if content == "" {
		return "", &emptyError{name}
	}
	return content, nil
}
