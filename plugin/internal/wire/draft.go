package wire

// A draft is a packet that go-socket.io is writing: its attachments are yet to
// come. The zero value is none.
type draft struct {
	parcels []parcel
	missing int // how many attachments
}

// begin takes the text of a packet with attachments.
func (d *draft) begin(p parcel, attachments int) {
	*d = draft{parcels: []parcel{p}, missing: attachments}
}

// add takes an attachment, and returns the packet when it is whole.
func (d *draft) add(p parcel) (whole []parcel) {
	d.parcels = append(d.parcels, p)
	if d.missing--; d.missing > 0 {
		return nil
	}
	whole = d.parcels
	*d = draft{}
	return whole
}
