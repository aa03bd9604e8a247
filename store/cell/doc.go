// Package cell reads single values of a shop's tables: money, times, numbers and pictures. It has no
// SQL and knows no table; a caller says where a value stood ([Reason.At]), and the [Error] that
// comes of it tells a person in their own tables' words what to mend, in English and in Chinese. It is not for import by other programs.
//
// # Why nothing is guessed
//
// A shop's column holds what years of PHP have put there: an empty text, "0000-00-00", the number
// of an attachment where an address is expected, a list in JSON where there was one picture before.
// What has one plain meaning is taken (blanks around an address, the first picture of a list).
// Everything else is refused, and nothing is sent for its order: Douyin shows to a buyer whatever
// it was told, and says nothing of a picture that leads nowhere.
package cell
