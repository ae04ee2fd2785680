/**
 * socket.io-sessions.js: io.connectWithSession() for socket.io-client 1.7, 2.x and later.
 *
 * The session is named by the cookie of the handshake, so this script holds no secret and is the same
 * for everyone. It obeys the server: a socket that is refused hangs up, and comes back by itself only
 * when the server says so, or after session.refresh().
 *
 *   script tag   after socket.io.js; extends the global io
 *   CommonJS     require('./socket.io-sessions.js')(io)
 *   AMD          require(['socket.io', 'socket.io-sessions'], function (io, attach) { attach(io); })
 */
(function (global) {
  'use strict';

  var RETRY_MIN = 1000;  // ms before the first retry; each further one waits twice as long
  var RETRY_MAX = 30000;
  var JITTER = 0.5;      // the share of that delay which is random, so that not all clients return at once
  var LASTING = 10000;   // ms after which a connection counts as good, and the next retry as the first

  // Socket.IO's protocol, and its packet types, in 1.x and 2.x ("classic" below).
  var CLASSIC = 4;
  var EVENT = 2;
  var ERROR = 4;

  /**
   * Gives io the function connectWithSession, and SessionSocket as its second name.
   *
   * @param {Function} io what socket.io.js exports
   * @return {Function} the same io
   */
  function attach(io) {
    var classic = io.protocol === CLASSIC;
    var shared = {}; // Connections by address

    /**
     * Connects as io.connect(uri, opts) does, with the session of the browser's cookie. Namespaces of one
     * address share one connection, which is never that of a plain io(uri).
     *
     * @param {String} [uri=location] as for io.connect
     * @param {Object} [opts={}] as for io.connect; copied
     * @return {Socket} a socket of socket.io, with its Session as socket.session
     */
    function connectWithSession(uri, opts) {
      if (typeof uri === 'object') {
        opts = uri || opts;
        uri = undefined;
      }
      var copy = {};
      for (var name in opts) copy[name] = opts[name];
      var exclusive = copy.forceNew || copy['force new connection'] || copy.multiplex === false;
      var autoConnect = copy.autoConnect !== false;

      // A closed socket on a manager that nobody else has: socket.io reads the address, we decide what to share.
      copy.forceNew = true;
      copy.autoConnect = false;
      var fresh = io.connect(uri, copy);

      var address = /^[^/]*\/\/[^/?#]*/.exec(fresh.io.uri) + copy.path;
      var connection = !exclusive && shared[address];
      if (!connection || fresh.nsp in connection.manager.nsps) {
        connection = new Connection(fresh.io, classic);
        if (!exclusive && !shared[address]) shared[address] = connection;
      }
      var socket = connection.manager.socket(fresh.nsp, copy);
      socket.session = new Session(socket, connection);
      if (autoConnect) socket.session._connect();
      return socket;
    }

    io.connectWithSession = io.SessionSocket = connectWithSession;
    return io;
  }

  /**
   * A manager of socket.io that is ours alone, and the sessions of its namespaces. They retry together:
   * a new cookie needs a new handshake, and the handshake is theirs in common.
   */
  function Connection(manager, classic) {
    this.manager = manager;
    this.classic = classic;
    this.sessions = [];
    this.attempts = 0;   // retries since a connection lasted
    this.timer = null;   // of the next retry
    this.refusal = null; // why the root was refused, see watchRoot
    if (classic) watchRoot(this);
    if (typeof addEventListener === 'function') watchPage(this);
  }

  /** Connects the waiting namespaces after a delay that doubles from one refusal to the next. */
  Connection.prototype.retry = function () {
    var self = this;
    if (this.timer) return;
    var delay = Math.min(RETRY_MIN * Math.pow(2, this.attempts++), RETRY_MAX);
    this.timer = setTimeout(function () {
      self.timer = null;
      self.resume();
    }, delay * (1 - JITTER * Math.random()));
  };

  /** Connects the waiting namespaces, by a new handshake where no connection is open. */
  Connection.prototype.resume = function () {
    if (this.isOpen()) this.connect();
    else if (this.sessions.some(isWaiting)) this.reopen();
  };

  /** Closes what is open and connects again, with the cookie of now, every namespace that is not invalid. */
  Connection.prototype.reopen = function () {
    this.sessions.forEach(function (session) {
      if (session._socket.subs) session._waiting = true; // socket.io's own mark of a socket that is to be open
    });
    this.hangUp();
    this.connect();
  };

  /** Closes the connection for all its namespaces; the manager does not reconnect by itself. */
  Connection.prototype.hangUp = function () {
    var engine = this.manager.engine;
    clearTimeout(this.timer);
    this.timer = null;
    this.refusal = null;
    this.manager.disconnect();
    // An engine with packets to send or an upgrade to end closes later, if ever. A classic manager waits for
    // that, and would take it for the end of its next engine; a modern one lets go at once.
    if (this.classic && engine && engine.readyState === 'closing') this.manager.onclose('forced close');
  };

  Connection.prototype.connect = function () {
    this.sessions.filter(isWaiting).forEach(function (session) { session._connect(); });
  };

  Connection.prototype.isOpen = function () {
    return !!this.manager.engine && this.manager.engine.readyState === 'open';
  };

  /**
   * In classic protocols the server connects the root unasked, and closes the whole connection when it
   * refuses it. So the root's refusal is kept here, for each namespace that the close then takes along.
   */
  function watchRoot(connection) {
    connection.manager.on('open', function () { connection.refusal = null; });
    connection.manager.on('packet', function (packet) {
      if (packet.nsp !== '/') return;
      var data = packet.data;
      if (packet.type === EVENT && data[0] === 'sinvalid') connection.refusal = data[1];
      if (packet.type === ERROR && isReason(data)) connection.refusal = data;
    });
  }

  /** A page that is left says so at once, and connects again when the browser brings it back as it was. */
  function watchPage(connection) {
    function leave() {
      connection.hangUp();
      addEventListener('pageshow', comeBack);
    }
    function comeBack(event) {
      removeEventListener('pageshow', comeBack);
      if (event.persisted) connection.reopen();
    }
    connection.manager.on('open', function () { addEventListener('pagehide', leave); });
    connection.manager.on('close', function () { removeEventListener('pagehide', leave); });
  }

  /**
   * What a page sees of its session, as socket.session.
   *
   * state   'pending' until the server has connected the socket, 'active' while it is connected, 'invalid'
   *         when the server has refused it and it stays closed
   * reason  {code, message, reconnect, data} of the last refusal, until the next attempt to connect
   *
   * Events: 'active', and 'invalid' with the reason.
   */
  function Session(socket, connection) {
    this.state = 'pending';
    this.reason = undefined;
    this._socket = socket;
    this._connection = connection;
    this._listeners = {};
    this._waiting = false; // to be connected by Connection.connect
    this._since = 0;       // when it became active
    connection.sessions.push(this);
    follow(this, socket, connection.classic);
  }

  Session.prototype.on = function (event, f) {
    this._listeners[event] = (this._listeners[event] || []).concat(f);
    return this;
  };

  Session.prototype.off = function (event, f) {
    this._listeners[event] = (this._listeners[event] || []).filter(function (g) { return g !== f; });
    return this;
  };

  /**
   * Connects again with the cookie of now, whatever the state: call it after a login or a logout. The
   * socket is closed first if it is open, and the other namespaces of its connection come back with it.
   */
  Session.prototype.refresh = function () {
    this.state = 'pending';
    this.reason = undefined;
    this._waiting = true;
    this._connection.attempts = 0;
    this._connection.reopen();
  };

  /** Connects the socket; a classic root on an open connection needs a new one, as no packet asks for it. */
  Session.prototype._connect = function () {
    var connection = this._connection;
    var handshake = connection.classic && this._socket.nsp === '/' && connection.isOpen();
    this.reason = undefined;
    this._waiting = handshake;
    if (handshake) connection.reopen();
    else this._socket.connect();
  };

  Session.prototype._activate = function () {
    this.state = 'active';
    this.reason = undefined;
    this._waiting = false;
    this._since = Date.now();
    this._emit('active');
  };

  Session.prototype._lose = function (why) {
    if (this.state === 'active') this.state = 'pending';
    var refusal = this._connection.refusal;
    if (refusal && why !== 'io client disconnect') this._refuse(refusal);
  };

  /** Hangs up first: the server learns that the client has heard, and socket.io does not reconnect. */
  Session.prototype._refuse = function (reason) {
    var connection = this._connection;
    if (this._since && Date.now() - this._since >= LASTING) connection.attempts = 0;
    this._since = 0;
    this.state = 'invalid';
    this.reason = reason;
    this._socket.disconnect();
    this._waiting = reason.reconnect === true && connection.manager.reconnection();
    if (this._waiting) connection.retry();
    this._emit('invalid', reason);
    if (this._waiting) this.state = 'pending'; // unless a listener has refreshed or disconnected meanwhile
  };

  Session.prototype._emit = function (event, value) {
    (this._listeners[event] || []).forEach(function (f) { f(value); });
  };

  /** Leads what happens to the socket to its session. */
  function follow(session, socket, classic) {
    socket.on('connect', function () { session._activate(); });
    socket.on('disconnect', function (why) { session._lose(why); });
    socket.on('sinvalid', function (reason) { session._refuse(Object(reason)); });
    socket.on(classic ? 'error' : 'connect_error', function (err) {
      var reason = classic ? err : err && err.data;
      if (isReason(reason)) session._refuse(reason); // anything else is the network's, and socket.io's to mend
    });
    ['disconnect', 'close'].forEach(function (name) {
      var original = socket[name];
      socket[name] = function () {
        session._waiting = false; // closed by the page: no retry of ours opens it
        return original.call(socket);
      };
    });
  }

  function isWaiting(session) {
    return session._waiting;
  }

  function isReason(value) {
    return !!value && typeof value.code === 'string' && !(value instanceof Error);
  }

  if (typeof define === 'function' && define.amd) define(function () { return attach; });
  else if (typeof module === 'object' && module.exports) module.exports = attach;
  else if (global.io) attach(global.io);
  else if (global.console) global.console.error('socket.io-sessions.js: load socket.io.js before it');
})(typeof self !== 'undefined' ? self : this);
