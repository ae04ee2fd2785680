package redisstore

import (
	"errors"
	"slices"

	"github.com/gomodule/redigo/redis"
)

// A batch is the commands of several calls as Redis gets them: those that it can do as one
// are one, which costs it a fraction of the time.
type batch struct {
	joint []part // sent first
	alone []part
}

// A part is one command of Redis's.
type part struct {
	commands []*command // that it is made of
	args     []any      // if they are several
}

// joinLimit is how many commands may be one: Redis serves nobody else meanwhile.
const joinLimit = 64

// joinBytes is how large a swap may be that goes with others.
const joinBytes = 32 << 10

var errShort = errors.New("redisstore: Redis has answered with a shorter list")

// answer sends the commands of calls, reads the replies, and calls answered with each call as
// soon as it has all of its own.
func (p *pipe) answer(conn redis.Conn, calls []*call, answered func(*call)) {
	b, ok := p.batches.Get().(*batch)
	if !ok {
		b = new(batch)
	}
	defer p.batches.Put(b)
	for _, c := range calls {
		c.left = len(c.commands)
		for i := range c.commands {
			b.add(&c.commands[i])
		}
	}
	send(conn, b.joint)
	send(conn, b.alone)
	err := receive(conn, b.joint, conn.Flush(), answered)
	_ = receive(conn, b.alone, err, answered)
	b.joint, b.alone = b.joint[:0], b.alone[:0]
}

// add adds a command to the first part that takes it, or makes one of it.
func (b *batch) add(c *command) {
	if !c.joins && c.perKey == 0 {
		b.alone = begin(b.alone, c)
		return
	}
	for i := range b.joint {
		if b.joint[i].takes(c) {
			b.joint[i].commands = append(b.joint[i].commands, c)
			return
		}
	}
	b.joint = begin(b.joint, c)
}

// begin adds a part, with the memory of an earlier one.
func begin(parts []part, c *command) []part {
	if len(parts) < cap(parts) {
		parts = parts[:len(parts)+1]
	} else {
		parts = append(parts, part{})
	}
	last := &parts[len(parts)-1]
	last.commands = append(last.commands, c)
	return parts
}

// send sends parts. A flush returns the error.
func send(conn redis.Conn, parts []part) {
	for i := range parts {
		parts[i].send(conn)
	}
}

// receive reads the replies to parts, and forgets their commands. err is not nil if the
// connection is lost.
func receive(conn redis.Conn, parts []part, err error, answered func(*call)) error {
	for i := range parts {
		err = parts[i].receive(conn, err)
		for _, c := range parts[i].commands {
			if c.call.left--; c.call.left == 0 {
				answered(c.call)
			}
		}
		parts[i].clear()
	}
	return err
}

// takes reports whether a command can be one with those of the part: they are alike, and no
// script does two things to one key.
func (p *part) takes(c *command) bool {
	first := p.commands[0]
	if len(p.commands) == joinLimit || first.name != c.name || first.joins != c.joins || first.perKey != c.perKey || first.common != c.common {
		return false
	}
	if c.joins {
		return true
	}
	return first.args[0] == c.args[0] && !slices.ContainsFunc(p.commands, func(other *command) bool { return other.args[2] == c.args[2] })
}

// send sends the part. A flush returns the error.
func (p *part) send(conn redis.Conn) {
	first := p.commands[0]
	switch {
	case len(p.commands) == 1 && first.common == nil:
		_ = conn.Send(first.name, first.args...)
	case first.joins:
		for _, c := range p.commands {
			p.args = append(p.args, c.args[0])
		}
		_ = conn.Send("MGET", p.args...)
	default:
		p.args = append(p.args, first.args[0], len(p.commands))
		for _, c := range p.commands {
			p.args = append(p.args, c.args[2])
		}
		for _, c := range p.commands {
			p.args = append(p.args, c.args[3:]...)
		}
		p.args = append(p.args, first.common[:]...)
		_ = conn.Send(first.name, p.args...)
	}
}

// receive reads the reply, and gives each command its part of it. err is not nil if the
// connection is lost.
func (p *part) receive(conn redis.Conn, err error) error {
	var reply any
	failure := err
	if err == nil {
		reply, failure = conn.Receive()
		err = conn.Err()
	}
	if len(p.commands) == 1 {
		p.commands[0].reply, p.commands[0].err = reply, failure
		return err
	}
	replies, _ := reply.([]any)
	if failure == nil && len(replies) != len(p.commands) {
		failure = errShort
	}
	for i, c := range p.commands {
		if c.err = failure; failure == nil {
			c.reply = replies[i]
		}
	}
	return err
}

func (p *part) clear() {
	clear(p.commands)
	clear(p.args)
	p.commands, p.args = p.commands[:0], p.args[:0]
}
