package store

// renewalRoom is what a renewal may add to a session that is already too large: a
// login puts the user's name.
const renewalRoom = 4 << 10

// A sizeLimit is how many bytes a session may have; negative for any number.
type sizeLimit int

// exceeded reports whether b is larger than the limit, and larger than stored, which
// it would replace.
func (l sizeLimit) exceeded(b, stored []byte) bool {
	return l >= 0 && len(b) > max(int(l), len(stored))
}

// exceededByRenewal reports the same of b, which would renew a session that had the
// given bytes.
func (l sizeLimit) exceededByRenewal(b []byte, had int) bool {
	return l.exceeded(b, nil) && len(b) > had+renewalRoom
}
