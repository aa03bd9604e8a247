package queuedoctor

import (
	"fmt"

	_ "github.com/hibiken/asynq" // registers its message type
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// messageType is asynq's own, v0.22 and later.
const messageType protoreflect.FullName = "asynq.TaskMessage"

// decode reads the task id and the queue of a message, as asynq would. An error says that asynq
// cannot.
func decode(message string) (id, queue string, err error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(messageType)
	if err != nil {
		panic(fmt.Sprintf("queuedoctor: asynq registers no %s: %v", messageType, err)) // a test holds this
	}
	m := kind.New()
	if err := proto.Unmarshal([]byte(message), m.Interface()); err != nil {
		return "", "", fmt.Errorf("decode: %w", err)
	}
	fields := m.Descriptor().Fields()
	return m.Get(fields.ByName("id")).String(), m.Get(fields.ByName("queue")).String(), nil
}
