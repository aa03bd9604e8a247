package assembly

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/cut"
)

// NewLogger writes to out as cfg says: "auto" is readable lines on a terminal and JSON elsewhere.
// Times have milliseconds. The hook stands for zerolog's own Timestamp, which has whole seconds
// unless a package global is changed.
func NewLogger(cfg configs.Log, out io.Writer) zerolog.Logger {
	level, err := zerolog.ParseLevel(cfg.Level)
	if err != nil || level == zerolog.NoLevel {
		level = zerolog.InfoLevel // configs lets no other word pass
	}
	if cfg.Format == "console" || cfg.Format != "json" && isTerminal(out) {
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: "15:04:05.000", NoColor: !isTerminal(out), FormatPrepare: plainMessage}
	} else {
		out = plainJSON{out}
	}
	return zerolog.New(out).Level(level).Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		e.Str(zerolog.TimestampFieldName, time.Now().Format("2006-01-02T15:04:05.000Z07:00"))
	}))
}

// plainMessage makes a message plain. The values of fields are quoted where they have to be.
func plainMessage(event map[string]any) error {
	if message, ok := event[zerolog.MessageFieldName].(string); ok {
		event[zerolog.MessageFieldName] = cut.Plain(message)
	}
	return nil
}

// plainJSON writes lines that do nothing to the terminal on which they are read later.
type plainJSON struct{ out io.Writer }

func (w plainJSON) Write(line []byte) (int, error) {
	if _, err := w.out.Write(cut.PlainJSON(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// redisLog is where go-redis's own lines go: reconnects and pool troubles, which the caller's error
// tells as well.
type redisLog struct{ log zerolog.Logger }

// Printf has the shape that go-redis asks for.
func (l redisLog) Printf(_ context.Context, format string, args ...any) {
	l.log.Debug().Msg(fmt.Sprintf(format, args...))
}

// routeLibraries sets the one package global that go-redis leaves no way around.
func routeLibraries(log zerolog.Logger) {
	redis.SetLogger(redisLog{log.With().Str("lib", "redis").Logger()})
}
