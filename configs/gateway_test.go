package configs

import (
	"strings"
	"testing"
)

func TestTheCallbackPortIsNotTheAPIs(t *testing.T) {
	t.Parallel()
	for addr, fits := range map[string]bool{"127.0.0.1:8090": true, "0.0.0.0:8080": false, ":8080": false, "127.0.0.1:0": true, "": true} {
		_, err := Load("", []string{"ORDERSYNC_GATEWAY__CALLBACK_ADDR=" + addr})
		if (err == nil) != fits {
			t.Errorf("%q: %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), "gateway.callback_addr") {
			t.Errorf("%q: %v does not name the key", addr, err)
		}
	}
}
