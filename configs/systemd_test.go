package configs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A new installation has an empty file for each secret, and its service begins: those that are empty
// are not set. Units, the commands of root and the installation name the same secrets.
func TestAServiceOfThePackageReadsItsCredentials(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	made := regexp.MustCompile(`(?m)^for key in (.*); do$`).FindStringSubmatch(read("postinstall.sh"))
	if made == nil {
		t.Fatal("postinstall.sh makes no secrets")
	}
	keys := strings.Fields(made[1])
	for name, begins := range map[string]string{"ordersync.service": "Environment=", "ordersync@.service": "Environment=", "as-root.env": ""} {
		text, folder, environ := read(name), t.TempDir(), []string{}
		var loaded []string
		for _, found := range regexp.MustCompile(`(?m)^LoadCredential=([^:]*):/etc/ordersync/secrets/(.*)$`).FindAllStringSubmatch(text, -1) {
			if loaded = append(loaded, found[1]); found[1] != found[2] {
				t.Errorf("%s: %s is loaded from %s", name, found[1], found[2])
			}
		}
		if begins != "" && !slices.Equal(loaded, keys) {
			t.Errorf("%s loads %q, the installation makes %q", name, loaded, keys)
		}
		for _, found := range regexp.MustCompile(`(?m)^`+begins+`(ORDERSYNC_[A-Z_]*_FILE)=(.*)$`).FindAllStringSubmatch(text, -1) {
			environ = append(environ, found[1]+"="+filepath.Join(folder, filepath.Base(found[2])))
		}
		if len(environ) != len(keys) {
			t.Errorf("%s names %d files, the installation makes %d", name, len(environ), len(keys))
		}
		for _, key := range keys {
			content := ""
			if key == "mysql.dsn" {
				content = "shop:hunter2@tcp(127.0.0.1:3306)/shop\n"
			}
			if err := os.WriteFile(filepath.Join(folder, key), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := Load(filepath.Join("systemd", "ordersync.yaml"), append(environ, "CREDENTIALS_DIRECTORY="+folder))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if cfg.MySQL.DSN == "" || cfg.Douyin.Salt != "" || len(cfg.Gateway.Tokens) != 0 || len(cfg.Admin.Users) != 0 || cfg.Given("gateway.tokens") {
			t.Errorf("%s: the configuration does not say what the files say", name)
		}
		if _, err := Load("", environ); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%s: an empty secret that systemd did not hand over passes: %v", name, err)
		}
	}
}
