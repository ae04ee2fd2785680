'use strict';

// A socket.io-client without a network: its cache, manager and socket as far as the script touches them.
// The methods under "the server" do what a server's packets would.

const { EventEmitter } = require('node:events');
const attach = require('..');

class Socket extends EventEmitter {
  constructor(manager, nsp) {
    super();
    this.io = manager;
    this.nsp = nsp;
    this.connected = false;
    this.asked = 0; // CONNECT packets sent
  }

  connect() {
    if (this.connected) return this;
    this.subs = this.subs || [];
    this.io.open();
    if (this.io.readyState === 'open') this.onopen();
    return this;
  }

  disconnect() {
    this.subs = null;
    if (!Object.values(this.io.nsps).some((socket) => socket.subs)) this.io.disconnect();
    if (this.connected) this.onclose('io client disconnect');
    return this;
  }

  onopen() {
    if (this.nsp !== '/') this.asked++;
  }

  onclose(why) {
    this.connected = false;
    this.emit('disconnect', why);
  }

  // the server

  admit() {
    this.connected = true;
    this.emit('connect');
  }

  receive(event, data) {
    this.io.emit('packet', { type: 2, nsp: this.nsp, data: [event, data] });
    this.emit(event, data);
  }
}

Socket.prototype.close = Socket.prototype.disconnect;

class Manager extends EventEmitter {
  constructor(uri, opts, lingers) {
    super();
    this.lingers = lingers;
    this.uri = uri;
    this.opts = opts;
    this.nsps = {};
    this.handshakes = 0;
    this.query = undefined; // of the last handshake
    this.retries = 0;       // how often it was left to try again by itself
    this.readyState = 'closed';
    this.unsent = false; // with unsent packets an engine is still 'closing' when disconnect returns
    this.onclose = this.onclose.bind(this);
  }

  socket(nsp, opts) {
    this.nsps[nsp] = this.nsps[nsp] || new Socket(this, nsp);
    this.nsps[nsp].opts = opts;
    return this.nsps[nsp];
  }

  reconnection() {
    return this.opts.reconnection !== false;
  }

  open() {
    if (this.readyState !== 'closed') return;
    this.readyState = 'opening';
    this.engine = Object.assign(new EventEmitter(), { readyState: 'opening' });
    this.handshakes++;
    this.query = this.opts.query;
  }

  maybeReconnectOnOpen() {
    this.retries++;
  }

  emitAll(event, value) {
    for (const emitter of [this, ...Object.values(this.nsps)]) emitter.emit(event, value);
  }

  disconnect() {
    this.readyState = 'closed';
    if (!this.engine || this.engine.readyState === 'closed') return;
    if (!this.unsent) return this.drop('forced close');
    this.engine.readyState = 'closing';
    if (!this.lingers) this.onclose('forced close');
  }

  onclose(why) {
    this.engine.off('close', this.onclose);
    this.readyState = 'closed';
    this.emit('close', why);
    for (const socket of Object.values(this.nsps)) if (socket.subs) socket.onclose(why);
  }

  // the server

  accept() {
    this.readyState = this.engine.readyState = 'open';
    this.engine.on('close', this.onclose);
    this.emit('open');
    for (const socket of Object.values(this.nsps)) if (socket.subs) socket.onopen();
  }

  drop(why) {
    this.engine.readyState = 'closed';
    this.engine.emit('close', why);
  }
}

/**
 * A fresh fake of what socket.io.js exports.
 *
 * @param {Number} [protocol=4] 4 as in 1.x and 2.x, 5 as in 3.x and 4.x
 * @param {Boolean} [lingers] whether a manager waits for an engine that closes late, as before 4.x
 */
function fakeIo(protocol = 4, lingers = protocol === 4) {
  const io = (uri, opts) => io.connect(uri, opts);
  io.protocol = protocol;
  io.calls = [];
  io.connect = (uri, opts) => {
    io.calls.push([uri, { ...opts }]);
    const address = new URL(uri || '/', 'http://page.test');
    opts.path = opts.path || '/socket.io';
    const manager = new Manager(address.href, opts, lingers);
    const socket = manager.socket(address.pathname, opts);
    if (opts.autoConnect !== false) socket.connect();
    return socket;
  };
  return io;
}

const FINAL = { code: 'destroyed', message: 'logged out', reconnect: false, data: { to: '/login' } };
const RENEWED = { code: 'renewed', message: 'logged in', reconnect: true, data: null };

/** Connects the namespaces of one page, and lets the server admit them. */
function open(io, ...uris) {
  const sockets = uris.map((uri) => io.connectWithSession(uri));
  sockets[0].io.accept();
  sockets.forEach((socket) => socket.admit());
  return sockets;
}

function mockTimers(t, random = 0) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1e12 });
  t.mock.method(Math, 'random', () => random);
}

function classic() {
  return attach(fakeIo(4));
}

/** Counts what a session tells. */
function listen(session) {
  const told = [];
  session.on('active', () => told.push('active'));
  session.on('invalid', (reason) => told.push(reason));
  return told;
}

/** The server admits the socket, refuses it after it has lasted some time, and it comes back: after how long? */
function delayOfRetry(t, socket, lasted) {
  socket.io.accept();
  socket.admit();
  t.mock.timers.tick(lasted);
  const before = socket.io.handshakes;
  socket.receive('sinvalid', RENEWED);
  for (let delay = 0; delay <= 60000; delay += 250) {
    if (socket.io.handshakes > before) return delay;
    t.mock.timers.tick(250);
  }
  return Infinity;
}

module.exports = { FINAL, RENEWED, classic, delayOfRetry, fakeIo, listen, mockTimers, open };
