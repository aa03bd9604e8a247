// Package cut makes foreign text fit: it cuts it to a bound in bytes, never within a character, and
// takes out what a terminal would obey. Others may import it.
//
// # Why everybody cuts in the same way
//
// asynq cannot store the text of an error that is not UTF-8: the task stays stuck until its lease
// ends. A column of MySQL has its length, a span is lost with its whole batch, and a line of a log
// has to be read. The text comes from shops, from strangers on the network and from Douyin, so it
// may hold anything.
//
// # Why it stands here
//
// Every room cuts: tasks, worker, store, douyin and those in cmd. The first reason above is a rule
// of the queue, and the queue's room is the only one that may be imported from all of them without
// an arrow that must never be: store and douyin do not know each other, and nobody but cmd knows
// configs. Reasons are recorded by store and worker and printed by cmd, so what makes them harmless
// stands here too. This package knows neither tasks nor asynq, so whoever imports it links the standard
// library alone.
//
// douyin/simulator has a cut of its own: there it is a rule of Douyin's, and the simulator shares
// nothing.
package cut

import (
	"strings"
	"unicode/utf8"
)

// To is s as valid UTF-8 of at most most bytes: U+FFFD stands for what is not UTF-8, and the end is
// cut off at the border of a character. To("订单", 5) is "订".
func To(s string, most int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// Marked is To for a reader: "…" tells that something was cut off. It comes on top of most.
func Marked(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	return To(s, most) + "…"
}

// Clean is the first most bytes of s without those that are not UTF-8, the part of a character at
// the end included.
func Clean(s string, most int) string {
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}
