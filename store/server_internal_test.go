package store

import "testing"

func TestAnOldServerIsAWarningAndATooOldOneAFailure(t *testing.T) {
	for _, tt := range []struct {
		version string
		sqlite  bool
		what    string
		ok      bool
		minor   bool
	}{
		{"9.7.4-2", false, "MySQL 9.7.4-2 (tested: 9.7)", true, false},
		{"8.0.36-0ubuntu0.22.04.1", false, "MySQL 8.0.36-0ubuntu0.22.04.1 (tested: 9.7)", true, false},
		{"5.7.44-log", false, "MySQL 5.7.44-log (tested: 9.7)", false, true},
		{"5.6.51", false, "MySQL 5.6.51 (tested: 9.7)", false, false},
		{"11.8.9-MariaDB-deb13", false, "MariaDB 11.8.9-MariaDB-deb13 (tested: 10.5, 10.11)", true, false},
		{"10.6.0-MariaDB", false, "MariaDB 10.6.0-MariaDB (tested: 10.5, 10.11)", true, false},
		{"10.5.23-MariaDB-0+deb11u1", false, "MariaDB 10.5.23-MariaDB-0+deb11u1 (tested: 10.5, 10.11)", false, true},
		{"5.5.5-10.3.39-MariaDB", false, "MariaDB 5.5.5-10.3.39-MariaDB (tested: 10.5, 10.11)", false, true},
		{"10.2.44-MariaDB", false, "MariaDB 10.2.44-MariaDB (tested: 10.5, 10.11)", false, false},
		{"3.54.1", true, "SQLite 3.54.1", true, false},
	} {
		f := serverInfo(tt.version, tt.sqlite).finding()
		if f.What != tt.what || f.OK != tt.ok || f.Minor != tt.minor || (f.Cure == "") != tt.ok {
			t.Errorf("%s: %+v", tt.version, f)
		}
	}
}
