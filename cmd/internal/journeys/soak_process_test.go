package journeys

// serve starts what carries the instructions out: processes of their own, or one for all where MariaDB is not
// installed: SQLite has one writer at a time.
func (s *soak) serve() {
	s.t.Helper()
	if s.mysql == nil {
		s.run()
		return
	}
	s.app.Store(s.start("gateway"))
	s.clock = s.begun("scheduler")
	for range soakWorkers {
		s.workers = append(s.workers, s.begun("worker"))
	}
}

// killOne ends one process as kill -9 does and starts another one in its place: mostly a worker, every fourth time the gateway. The
// scheduler is killed in long soaks only: callbacks that it was just handing on wait for four minutes then.
func (s *soak) killOne() {
	s.t.Helper()
	s.kills++
	switch {
	case s.mysql == nil:
		s.app.Load().kill()
		s.run()
	case s.n >= soakLong && s.kills%9 == 5:
		s.clock.kill()
		s.clock = s.begun("scheduler")
	case s.kills%4 == 0:
		s.app.Load().kill()
		s.app.Store(s.start("gateway"))
	default:
		i := s.kills % soakWorkers
		s.workers[i].kill()
		s.workers[i] = s.begun("worker")
	}
}
