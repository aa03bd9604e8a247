package playground

import (
	"crypto/rand"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/configs"
)

// Operator is the one user of the operators' pages.
const Operator = "operator"

// passwordLetters of five bits each are more than anybody can guess while it runs, and few enough to
// be typed.
const passwordLetters = 12

// NewPassword is one that nobody guesses.
func NewPassword() string { return rand.Text()[:passwordLetters] }

// LetIn makes Operator a user of the pages. The pages know only the password's hash.
func LetIn(cfg *configs.Config, password string) error {
	hash, err := admin.HashPassword(password)
	if err != nil {
		return err
	}
	cfg.Admin.Users = map[string]configs.Secret{Operator: configs.Secret(admin.Operator.String() + ":" + hash)}
	return nil
}
