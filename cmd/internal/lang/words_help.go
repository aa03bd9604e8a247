package lang

// helpWords is the Chinese of what ... says.
var helpWords = map[string]string{}
