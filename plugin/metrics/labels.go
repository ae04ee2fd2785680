package metrics

import (
	"maps"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// labels are the values that a label may have, besides other.
type labels map[string]struct{}

// other is for what an app makes up, and a client could make it.
const other = "other"

func labelsOf(values ...string) labels {
	all := make(labels, len(values))
	for _, value := range values {
		all[value] = struct{}{}
	}
	return all
}

// and returns the values of both.
func (l labels) and(more labels) labels {
	all := maps.Clone(l)
	maps.Copy(all, more)
	return all
}

func (l labels) bound(value string) string {
	if _, ok := l[value]; ok {
		return value
	}
	return other
}

var (
	// codes are those of Refusals.
	codes = labelsOf(
		plugin.CodeNoCookie, plugin.CodeUnknown, plugin.CodeStoreError, plugin.CodeDestroyed, plugin.CodeRenewed,
		plugin.CodeExpired, plugin.CodeSuperseded, plugin.CodeTooMany, plugin.CodeTooLarge, plugin.CodeBusy, plugin.CodeGoingAway,
		plugin.CodeInternal, plugin.CodeDisconnected, plugin.CodeAmbiguousCookie, plugin.CodeBadArguments,
		plugin.CodeLoginRequired,
	)
	// reasons are what OnDisconnect hears: the codes, and the words of Socket.IO.
	reasons = codes.and(labelsOf(
		"client namespace disconnect", "transport close", "transport error", "slow", "ping timeout",
		"server namespace disconnect", "server shutting down",
	))
	outcomes = codes.and(labelsOf(
		plugin.ArrivedIn, plugin.ArrivedBadTicket, plugin.ArrivedForbidden, plugin.ArrivedForeign,
		plugin.ArrivedUnknownID, plugin.ArrivedBadRequest,
	))
	drops   = labelsOf(plugin.DroppedSlow, plugin.DroppedShed)
	endings = labelsOf(plugin.CodeDestroyed, plugin.CodeRenewed, plugin.CodeExpired, plugin.CodeSuperseded, plugin.CodeInternal)
	claimed = labelsOf(plugin.ClaimMade, plugin.ClaimRedeemed, plugin.ClaimRepeated, plugin.ClaimLost, plugin.ClaimFailed)
)
