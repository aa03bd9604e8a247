package loadtest

import "github.com/prometheus/procfs"

// processors is what all processors of the machine have done since it started, in seconds.
type processors struct{ idle, all float64 }

// readProcessors is zero where the system has no /proc.
func readProcessors() processors {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return processors{}
	}
	stat, err := fs.Stat()
	if err != nil {
		return processors{}
	}
	t := stat.CPUTotal // Guest is in User, GuestNice in Nice already (proc(5))
	idle := t.Idle + t.Iowait
	return processors{idle: idle, all: idle + t.User + t.Nice + t.System + t.IRQ + t.SoftIRQ + t.Steal}
}

// busySince is the share of all processors' time since before that they did not idle: 0 to 1; 0 where the system does not tell.
func (p processors) busySince(before processors) float64 {
	if p.all == before.all {
		return 0
	}
	return 1 - (p.idle-before.idle)/(p.all-before.all)
}

// peakRSS is the most memory this process had resident, in bytes; 0 where the system does not tell.
func peakRSS() uint64 {
	self, err := procfs.Self()
	if err != nil {
		return 0
	}
	status, err := self.NewStatus()
	if err != nil {
		return 0
	}
	return status.VmHWM
}
