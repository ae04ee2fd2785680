package plugin

// Ambiguous begins what FromCookie returns for several cookies.
const Ambiguous = ambiguous

// Entries is how many sessions are held in memory.
func (s *Sessions) Entries() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.entries)
}
