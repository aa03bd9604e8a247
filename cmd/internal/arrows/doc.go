// Package arrows holds nothing but the tests of who may import whom, and that ARCHITECTURE.md says
// the same. A new package brings its row.
package arrows
