package douyin

// MaskedDetail is order_detail as it would be sent, as JSON text, with nothing of the open_id left in
// it. It is for whoever looks at a push before it is sent.
func (o OrderPush) MaskedDetail() ([]byte, error) {
	detail, err := o.detail()
	if err != nil {
		return nil, err
	}
	return hide(detail, o.OpenID), nil
}
