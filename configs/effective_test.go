package configs

import "testing"

// A kind of setting that Effective does not know is taken for a secret.
func TestEveryKindOfSettingIsShown(t *testing.T) {
	c := Default()
	for _, k := range c.keys() {
		if !k.secret && shown(k.value) == any(hidden) {
			t.Errorf("%s: Effective does not know a %T", k.path, k.value)
		}
	}
}
