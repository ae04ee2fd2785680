package store

// Since returns the keys whose values differ from those of an earlier snapshot,
// in order.
func (s *Snapshot) Since(earlier *Snapshot) []string {
	if s == earlier {
		return nil
	}
	return changedKeys(earlier.Values, s.Values)
}
