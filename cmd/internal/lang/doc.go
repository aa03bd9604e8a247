// Package lang gives the texts of the command line in English or Chinese.
//
// # Why finished sentences are translated
//
// store, configs and the errors of all rooms say what they have to say in English, and know no reader.
// So the table is keyed by the English text with its verbs, as it stands in the program, and Say finds
// the key that a finished sentence was made by: the verbs are holes, and what stood in them is put
// into the Chinese one. What nobody has translated stays English as a whole. What others say, as a
// database's own error, is quoted as it is.
package lang
