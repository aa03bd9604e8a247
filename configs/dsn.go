package configs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const wantDSN = "want user:password@tcp(host:3306)/database (go-sql-driver DSN)"

// mysqlDSN names the mistake and never the DSN: after a slip, what looks like an address may be the password. So the driver's
// words are not passed on.
func mysqlDSN(s string) error {
	return optional(s, func(s string) error {
		if mistake := dsnMistake(s); mistake != "" {
			return errors.New(mistake)
		}
		dsn, err := mysql.ParseDSN(s)
		if err != nil {
			return errors.New(wantDSN)
		}
		if dsn.DBName == "" {
			return errors.New("want a database name after the slash: user:password@tcp(host:3306)/database")
		}
		return nil
	})
}

var (
	dsnScheme = regexp.MustCompile(`^[a-z][a-z+]*://`)
	// An address that is not in brackets behind the name of a network.
	bareAddress = regexp.MustCompile(`^[^()]*$`)
)

// foreignParams are parameters of other clients. go-sql-driver takes a parameter that it does not know for a variable of the
// server, which then refuses every connection. The value is what to write in its place.
var foreignParams = map[string]string{
	"ssl-ca": "set mysql.ca_file in its place", "ssl_ca": "set mysql.ca_file in its place", "sslca": "set mysql.ca_file in its place",
	"ssl-cert": "set mysql.cert_file in its place", "ssl_cert": "set mysql.cert_file in its place",
	"ssl-key": "set mysql.key_file in its place", "ssl_key": "set mysql.key_file in its place",
	"sslmode": "write tls=true in its place", "ssl-mode": "write tls=true in its place", "ssl": "write tls=true in its place",
	"usessl": "write tls=true in its place", "servertimezone": "write loc=Asia%2FShanghai in its place",
	"timezone": "write loc=Asia%2FShanghai in its place", "useunicode": "leave it out: ordersync uses utf8mb4",
	"characterencoding": "leave it out: ordersync uses utf8mb4", "unix_socket": "write user:password@unix(/path)/database",
	"autoreconnect": "leave it out",
}

// dsnMistake is one sentence for what people usually get wrong; empty: none of it.
func dsnMistake(s string) string {
	if dsnScheme.MatchString(s) {
		return "it begins with a scheme, as in mysql://: leave that out, " + wantDSN
	}
	// Values of parameters come behind the last "?"; the driver looks for the database behind the last "/".
	body, query, hasQuery := cutLast(s, "?")
	if strings.Contains(query, "@") { // it stands in the password
		body, query, hasQuery = s, "", false
	}
	slash := strings.LastIndex(body, "/")
	if slash < 0 {
		return "it has no / before the database's name: " + wantDSN
	}
	at := strings.LastIndex(body[:slash], "@")
	if address := body[at+1 : slash]; address != "" && bareAddress.MatchString(address) && strings.ContainsAny(address, ":.") {
		return "the address does not stand in tcp(…): " + wantDSN
	}
	if !hasQuery {
		return ""
	}
	for param := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(param, "=")
		if cure, foreign := foreignParams[strings.ToLower(name)]; foreign {
			return fmt.Sprintf("%s is no parameter of go-sql-driver: %s", name, cure)
		}
		if strings.Contains(value, "/") {
			return fmt.Sprintf("the value of %s has a / in it: write %%2F, as in loc=Asia%%2FShanghai", known(name))
		}
		if name == "loc" && value != "" {
			if _, err := time.LoadLocation(strings.ReplaceAll(strings.ReplaceAll(value, "%2F", "/"), "%2f", "/")); err != nil {
				return "loc names no time zone that is known here: want one such as Asia%2FShanghai, UTC or Local"
			}
		}
	}
	return ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// known is a parameter's name where it looks like one: behind a slip it may be a piece of the password.
func known(name string) string {
	if name == "loc" || name == "time_zone" || name == "tls" || name == "collation" || name == "charset" || strings.HasPrefix(name, "ssl") {
		return name
	}
	return "a parameter"
}
