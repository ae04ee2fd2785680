package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// devices returns the list of a user's sessions.
func (v *visitor) devices() (list []device) {
	v.t.Helper()
	got := v.want("GET", "/devices", nil, http.StatusOK)
	if strings.Contains(got.body, v.token()) {
		v.t.Error("the list holds the token")
	}
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		v.t.Fatal(err)
	}
	return list
}

// own returns the device that a visitor is.
func (v *visitor) own() device {
	v.t.Helper()
	for _, d := range v.devices() {
		if d.This {
			return d
		}
	}
	v.t.Fatal("this is none of the user's devices")
	return device{}
}

// login logs a new visitor in.
func (s *site) login(t *testing.T, user string) *visitor {
	t.Helper()
	v := s.visit(t)
	v.want("POST", "/login", form("user", user), http.StatusSeeOther)
	return v
}

func TestDevices(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, second, bob := s.login(t, "ann"), s.login(t, "ann"), s.login(t, "bob")
	if n := len(bob.devices()); n != 1 {
		t.Errorf("bob has %d devices", n)
	}
	list := first.devices()
	if len(list) != 2 || list[0].This || !list[1].This || list[1].Made.After(list[0].Made) || list[0].Used.IsZero() {
		t.Errorf("got %+v, want the latest login first", list)
	}
	own := first.own()
	first.want("POST", "/login", form("user", "ann"), http.StatusSeeOther)
	if first.own() != own {
		t.Errorf("another login of the same user: %+v instead of %+v", first.own(), own)
	}

	socket, other := second.connect("/socket.io/"), first.connect("/socket.io/")
	first.want("POST", "/devices/"+bob.own().ID+"/logout", nil, http.StatusNotFound)
	first.want("POST", "/devices/nonsense/logout", nil, http.StatusNotFound)
	first.want("POST", "/devices/"+second.own().ID+"/logout", nil, http.StatusSeeOther)
	if why := socket.Ended(); why.Code != "destroyed" {
		t.Errorf("the socket heard %+v", why)
	}
	second.want("GET", "/devices", nil, http.StatusUnauthorized)
	if list := first.devices(); len(list) != 1 {
		t.Errorf("%d devices are left", len(list))
	}
	other.Expect("devices")

	first.want("POST", "/devices/"+first.own().ID+"/logout", nil, http.StatusSeeOther)
	if first.token() != "" {
		t.Error("the cookie is still there")
	}
	bob.devices()
}

func TestLogoutEverywhere(t *testing.T) {
	t.Parallel()
	s := start(t, "-origins", "http://trusted.example")
	visitors := []*visitor{s.login(t, "ann"), s.login(t, "ann"), s.login(t, "ann")}
	bob := s.login(t, "bob")
	var sockets []*plugintest.Client
	for _, v := range visitors {
		sockets = append(sockets, v.connect("/socket.io/"))
	}
	r := visitors[0].request("POST", "/logout-everywhere", nil)
	r.Header.Set("Origin", "http://trusted.example")
	if got := visitors[0].do(r); got.StatusCode != http.StatusForbidden {
		t.Errorf("from another origin: got %d", got.StatusCode)
	}
	visitors[0].want("POST", "/logout-everywhere", nil, http.StatusSeeOther)
	if visitors[0].token() != "" {
		t.Error("the cookie is still there")
	}
	for i, socket := range sockets {
		if why := socket.Ended(); why.Code != "destroyed" {
			t.Errorf("socket %d heard %+v", i, why)
		}
	}
	for _, v := range visitors {
		v.want("GET", "/session", nil, http.StatusUnauthorized)
	}
	if n := len(bob.devices()); n != 1 {
		t.Errorf("bob has %d devices", n)
	}
}
