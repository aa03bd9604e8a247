// Package book has no code but its tests. They hold the texts of this repository to the tree: the
// files, commands and sources that a text names are there, and the texts say the same in both
// languages. Nobody imports it.
package book
