package plugin

// What Observer.Arrived hears, beside the codes of a [Refusal].
const (
	ArrivedIn = "ok" // it has a session, or may do without one

	// The handshake's ticket was used before, was too old, or is none; or its session is
	// over.
	ArrivedBadTicket = "bad_ticket"

	// On our own transports only: a request, also one of a connection that is open
	// already, was turned away before anybody asked for its session.
	ArrivedForbidden  = "forbidden"   // HTTP 403: a page of its origin may not connect
	ArrivedForeign    = "foreign"     // HTTP 403: it named a connection that another cookie opened
	ArrivedUnknownID  = "unknown_id"  // HTTP 400: it named a connection that this node does not have, as behind a proxy that is not sticky
	ArrivedBadRequest = "bad_request" // HTTP 400: it is none of Engine.IO's
)

// What Observer.Claimed hears.
const (
	ClaimMade     = "made"     // Session.Renew has left a claim
	ClaimRedeemed = "redeemed" // the script has redeemed one: the token is renewed
	ClaimRepeated = "repeated" // the script has asked again for the answer
	ClaimLost     = "lost"     // one came too late, twice, or without the session's cookie; or its session was over
	ClaimFailed   = "failed"   // one could not be looked up or redeemed, as the store failed or a later release has left it
)

// What Observer.Dropped hears.
const (
	DroppedSlow = "slow" // more than the wire's MaxQueueBytes waited for the client
	DroppedShed = "shed" // more than its MaxWaitingBytes waited for all clients, and this one took nothing
)
