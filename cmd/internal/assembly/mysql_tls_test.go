package assembly

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store/servertest"
)

// The files of the configuration reach the database: it lets in who shows the certificate alone.
func TestTheDatabaseIsReachedWithTheCertificatesOfTheConfiguration(t *testing.T) {
	servertest.EachTLSMySQL(t, func(t *testing.T, s *servertest.TLSMySQL) {
		dsn := configs.Secret(s.NewDatabaseFor(t, servertest.UserWithCertificate))
		for _, tt := range []struct {
			mysql configs.MySQL
			in    bool
		}{
			{configs.MySQL{DSN: dsn, CAFile: s.Certs.CA, CertFile: s.Certs.Cert, KeyFile: s.Certs.Key}, true},
			{configs.MySQL{DSN: dsn, CAFile: s.Certs.CA}, false},
			{configs.MySQL{DSN: dsn}, false},
		} {
			cfg := configs.Default()
			cfg.MySQL = tt.mysql
			a := New(cfg, zerolog.Nop())
			st, err := a.Store()
			if err == nil {
				err = st.Ping(t.Context())
			}
			if (err == nil) != tt.in {
				t.Errorf("with ca %t, certificate %t: %v", tt.mysql.CAFile != "", tt.mysql.CertFile != "", err)
			}
			if err := a.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
