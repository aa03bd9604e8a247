package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ordersync/ordersync/tasks/gateway"
)

// A shop asks over HTTP: after its commit, with a time limit, and with a revision, so that asking
// again after a lost answer is the same change. PHP and other languages do the same.
func Example() {
	push := func(ctx context.Context, base, token, orderID string) (gateway.Queued, error) {
		var queued gateway.Queued
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		body := strings.NewReader(`{"cause":"paid","revision":"paid"}`)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/orders/"+orderID+"/push", body)
		if err != nil {
			return queued, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return queued, err // not known to be queued: the sweep finds the order, or ask again
		}
		defer resp.Body.Close() //nolint:errcheck // read to its end
		if resp.StatusCode != http.StatusAccepted && resp.StatusCode != http.StatusOK {
			return queued, fmt.Errorf("ordersync answers %s", resp.Status)
		}
		return queued, json.NewDecoder(resp.Body).Decode(&queued)
	}
	_ = push
}
