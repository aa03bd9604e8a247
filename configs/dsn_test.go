package configs

import (
	"strings"
	"testing"
)

func TestADSNsMistakeIsNamedAndNeverShown(t *testing.T) {
	const password = "pa55word"
	for dsn, want := range map[string]string{
		"u:pa55word@tcp(db:3306)/shop":                                  "",
		"u:pa55word@tcp(db:3306)/shop?loc=Asia%2FShanghai":              "",
		"u:pa55word@tcp([::1]:3306)/shop?loc=Local&tls=true":            "",
		"u:pa55word@unix(/run/mysqld/mysqld.sock)/shop":                 "",
		"u:pa55word@/shop":                                              "",
		"u:pa55word/x?y@tcp(db:3306)/shop":                              "",
		"u:pa55word@tcp(db:3306)/shop?time_zone=%27%2B08:00%27":         "",
		"u:pa55word@tcp(db:3306)/shop?loc=Asia/Shanghai":                "the value of loc has a /",
		"u:pa55word@tcp(db:3306)/shop?parseTime=true&loc=Asia/Shanghai": "the value of loc has a /",
		"u:pa55word@tcp(db:3306)/shop?loc=Asia%2FShanghia":              "loc names no time zone",
		"u:pa55word@tcp(db:3306)/shop?ssl-ca=/etc/ca.pem":               "ssl-ca is no parameter of go-sql-driver: set mysql.ca_file",
		"u:pa55word@tcp(db:3306)/shop?useSSL=false":                     "useSSL is no parameter",
		"u:pa55word@tcp(db:3306)/shop?serverTimezone=Asia/Shanghai":     "loc=Asia%2FShanghai in its place",
		"mysql://u:pa55word@db:3306/shop":                               "begins with a scheme",
		"jdbc:mysql://db:3306/shop?user=u&password=pa55word":            "tcp(",
		"u:pa55word@db:3306/shop":                                       "does not stand in tcp(…)",
		"u:pa55word@127.0.0.1/shop":                                     "does not stand in tcp(…)",
		"u:pa55word@tcp(db:3306)":                                       "no / before the database's name",
		"u:pa55word@tcp(db:3306)/":                                      "want a database name",
		"u:pa55word@tcp(db:3306/shop":                                   "go-sql-driver DSN",
		"u:pa55word@tcp(db:3306)/shop?tls=/etc/x":                       "the value of tls has a /",
		"u:pa/55word@tcp(db:3306)/shop?loc=%zz":                         "loc names no time zone",
	} {
		err := mysqlDSN(dsn)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", dsn, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v; want %q", dsn, err, want)
		case err != nil && (strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "55")):
			t.Errorf("%s: the password is shown: %v", dsn, err)
		}
	}
}
