package assembly

import "sync"

// part is built by the first who asks; everyone gets the same value or the same error.
type part[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (p *part[T]) get(build func() (T, error)) (T, error) {
	p.once.Do(func() { p.value, p.err = build() })
	return p.value, p.err
}

// give sets the part before anyone asks.
func (p *part[T]) give(v T) {
	p.once.Do(func() { p.value = v })
}
