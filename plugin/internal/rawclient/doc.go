// Package rawclient is a raw client of Socket.IO for tests. It speaks
// Engine.IO 3 and 4, over polling, over a websocket, and over an upgrade from
// one to the other. It shows every packet as it is on the wire, and sends any.
//
// It imports none of our other packages, so that all of their tests can use it.
// It promises nothing yet: until the first release its names may change.
package rawclient
