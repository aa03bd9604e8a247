// Package lang gives the texts of the command line in English or Chinese.
//
// # Why finished sentences are translated
//
// store, configs and the errors of all rooms say what they have to say in English, and know no reader.
// So the table is keyed by the English text with its verbs, as it stands in the program, and Say finds
// the key that a finished sentence was made by: the verbs are holes, and what stood in them is put
// into the Chinese one. What nobody has translated stays English as a whole. What others say, as a
// database's own error, is quoted as it is.
//
// # Why whole rooms are looked through
//
// Each error of store, worker, scheduler, tasks, douyin and the desk can become the message of a row,
// which a person reads later. No list of such texts would stay complete, so a test reads the source of
// these rooms, and every sentence there has its Chinese or is said to be none for a person. A word of
// our own that stands alone in a hole, such as the state of an audit, is one of terms.
package lang
