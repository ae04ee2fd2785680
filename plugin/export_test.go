package plugin

// Ambiguous begins what FromCookie returns for several cookies.
const Ambiguous = ambiguous

// Entries is how many sessions are held in memory.
func (s *Sessions) Entries() int { return s.common.book.Len() }
