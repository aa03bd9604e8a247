package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ordersync/ordersync/cmd/internal/admin"
)

// maxPasswordLine bounds what is read where no terminal is. It is longer than any password that is taken.
const maxPasswordLine = 4 << 10

func newAdminHash(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "admin-hash",
		Short: "Read a password and print its bcrypt hash, for admin.users",
		Long: "Reads a password of 10 to 72 bytes from the terminal, unseen, or the first line of stdin, and prints its bcrypt hash.\n" +
			"A user of the private port is a role and that hash:\n\n" +
			"  admin:\n    users:\n      alice: 'operator:$2a$12$…'   # or viewer:, who may look and not change",
		Example: "  ordersync admin-hash\n  pass show ordersync/alice | ordersync admin-hash",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			password, err := p.password()
			if err != nil {
				return fmt.Errorf("password: %w", err)
			}
			hash, err := admin.HashPassword(password)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.out, hash)
			return nil
		},
	}
}

// password reads without an echo where a person types, and twice, for a slip would lock that person out.
func (p *process) password() (string, error) {
	in, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) { // a file descriptor is a small number
		return firstLine(p.in)
	}
	first, err := p.ask(in, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := p.ask(in, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two are not the same")
	}
	return first, nil
}

func (p *process) ask(in *os.File, prompt string) (string, error) {
	fmt.Fprint(p.errOut, prompt)
	typed, err := term.ReadPassword(int(in.Fd())) // a file descriptor is a small number
	fmt.Fprintln(p.errOut)
	return string(typed), err
}

func firstLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}
