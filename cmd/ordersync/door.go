package main

import "context"

// door keeps the work of a process back until what it stands on is there. It opens once.
type door struct{ opened chan struct{} }

func newDoor() *door { return &door{opened: make(chan struct{})} }

func (d *door) open() { close(d.opened) }

// pass waits until the door is open. It is false where ctx ends first.
func (d *door) pass(ctx context.Context) bool {
	select {
	case <-d.opened:
		return true
	case <-ctx.Done():
		return false
	}
}
