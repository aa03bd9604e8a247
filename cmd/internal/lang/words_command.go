package lang

// commandWords is the Chinese of what ... says.
var commandWords = map[string]string{}
