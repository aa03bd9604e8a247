package simulator

import "fmt"

// receiver is one entry of settle_params.
type receiver struct {
	uid string // merchant_uid
	fen int64  // amount
}

// readReceivers reads settle_params: a JSON array of at most four receivers. An empty text has
// none.
func readReceivers(text string) (list []receiver, total int64, bad string) {
	if text == "" {
		return nil, 0, ""
	}
	sc := scanner{data: []byte(text)}
	err := sc.array(func(int) error {
		r, err := readReceiver(&sc)
		list, total = append(list, r), total+r.fen
		return err
	})
	if err == nil {
		err = sc.end()
	}
	switch {
	case err != nil:
		return nil, 0, "want text that holds a JSON array of receivers: " + err.Error()
	case len(list) > 4:
		return nil, 0, fmt.Sprintf("%d receivers, at most 4 are allowed", len(list))
	}
	return list, total, ""
}

func readReceiver(sc *scanner) (receiver, error) {
	var seen uint32
	var uid []byte
	var r receiver
	err := sc.object(func(key []byte) error {
		switch string(key) {
		case "merchant_uid":
			return sc.once(&seen, 1, "merchant_uid", &uid)
		case "amount":
			return sc.onceInt(&seen, 2, "amount", &r.fen)
		}
		return unknownField(key)
	})
	if err == nil {
		err = first(bytesAtMost("merchant_uid", uid, 1, 32), atLeast("amount", r.fen, 1))
	}
	if err == nil && r.fen > mostFen {
		err = &fieldError{"amount", "is larger than any order"}
	}
	r.uid = string(uid)
	return r, err
}

func receivers(p param) string {
	if bad := text(0, 2048)(p); bad != "" {
		return bad
	}
	_, _, bad := readReceivers(p.text)
	return bad
}
