// Package arrows holds nothing but the tests of who may import whom. A new package brings its row.
package arrows
