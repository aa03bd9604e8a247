package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// answerTimeout is how long a command waits for a first word of the database.
const answerTimeout = 5 * time.Second

// answering lets a command of a person begin when the database answers: at a frozen one it would hang
// for as long as that stays frozen. What it does then has no bound, for it may be large.
func answering(use part) part {
	return func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
		st, err := a.Store()
		if err != nil {
			return err
		}
		first, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		if err := st.Ping(first); err != nil {
			return fmt.Errorf("MySQL does not answer: %w. Check mysql.dsn, and that the server is up and lets this host in", err)
		}
		return use(ctx, cfg, a)
	}
}
