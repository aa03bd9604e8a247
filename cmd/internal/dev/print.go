package dev

import (
	"fmt"

	"github.com/ordersync/ordersync/cmd/internal/playground"
)

// tell prints where to look, and how a program reaches it.
func (d *deployment) tell(fresh bool) {
	state := "the state of the last time"
	if fresh {
		state = "a new shop, with an order of every kind"
	}
	traffic := "An order comes every few seconds (--traffic=off: none), and a few calls fail."
	if !d.Traffic {
		traffic = "No order comes by itself, and a few calls fail."
	}
	fmt.Fprintln(d.Out, d.Lang.T(`ordersync dev: a whole deployment for trying out, until Ctrl-C. Nothing of it reaches the real Douyin.

  operators' pages  http://%[1]s   sign in as %[2]q with the password %[3]q
  Douyin's side     http://%[6]s   pay, cancel, ask for a refund, break things, see the ledger
  gateway           http://%[4]s   payments: %[5]s
  Redis             redis://%[11]s/0   for programs that use the stream or asynq
  state             %[7]s   (%[8]s; remove the folder to begin anew)

%[9]s
Redis is in memory alone: what stood in its queues at the end is found again by the sweep.

From a shell:

  curl -H "Authorization: Bearer %[10]s" -H "Content-Type: application/json" \
    -d '{"cause":"changed"}' http://%[4]s/v1/orders/1001/push

From PHP (composer require ordersync/client):

  $client = new OrderSync\Client('http://%[4]s', '%[10]s');
  $client->push(1001, ['cause' => 'changed']);

From Go (github.com/ordersync/ordersync/tasks/client):

  c, err := client.New(client.Config{URL: "http://%[4]s", Token: "%[10]s"})
  queued, err := c.Push(ctx, "1001", client.Push{Cause: "changed"})
`, d.at.pages, playground.Operator, d.entries.Password, d.at.gateway, d.Payments, d.at.douyin, d.Dir,
		d.Lang.T(state), d.Lang.T(traffic), d.entries.Token, d.at.redis))
}
