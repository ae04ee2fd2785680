/**
 * socket.io-sessions.js: io.connectWithSession() for socket.io-client 1.7 to 4.x.
 *
 * The session is named by the cookie of the handshake, so this script holds no secret and is the same
 * for everyone. It obeys the server: a socket that is refused hangs up, and comes back by itself only
 * when the server says so, after session.refresh(), or after a login in another tab. Most logins end with
 * a page that is loaded anew, so every page tells the others when it is connected for the first time; those
 * that have lost their session then try once.
 *
 *   script tag   after socket.io.js; extends the global io
 *   CommonJS     require('./socket.io-sessions.js')(io)
 *   ES module    import attach from 'socketio-sessions-client'; attach(io)   (see pack.js)
 *   AMD          require(['socket.io', 'socket.io-sessions'], function (io, attach) { attach(io); })
 */
(function (global) {
  'use strict';

  var RETRY_MIN = 1000;    // ms before the first retry; each further one waits twice as long
  var RETRY_MAX = 30000;
  var JITTER = 0.5;        // the share of that delay which is random, so that not all clients return at once
  var LASTING = 10000;     // ms after which a connection counts as good, and the next retry as the first
  var GRACE = 30000;       // ms after 'renewed' in which 'unknown' is retried: the new cookie may be on its way
  var CLAIM_WAIT = 5000;   // ms that the answer to a claim may take
  var CLAIM_RETRY = 1000;  // ms before a claim that failed is tried again; each further time twice as long
  var CLAIM_TRIES = 5;     // how often: the server keeps it for 30 s
  var COOKIE_TRIES = 2;    // and where only the cookie is to be kept
  var TICKET_WAIT = 20000; // ms that a ticket may take
  var LOGOUT_WAIT = 1000;  // ms that a server has to tell of another tab's logout, before a socket asks

  var SCRIPT_QUERY = 'session-script=2'; // by which the server knows that it may send CLAIM, with a secret
  var CLAIM = 'sclaim';
  var CHANNEL = 'socket.io-sessions';
  var COOKIE_ENDS = ['no_cookie', 'unknown', 'destroyed', 'expired', 'superseded', 'renewed']; // the handshake's cookie is of no use
  var LOGIN_MENDS = COOKIE_ENDS.concat('login_required');

  // Socket.IO's protocol in 1.x and 2.x ("classic" below), and its packet types.
  var CLASSIC = 4;
  var EVENT = 2;
  var ERROR = 4;

  var connections = [];  // those that hear of other tabs
  var channel = null;    // to the other tabs
  var claims = {};       // by URL, while a claim is posted: the secrets that are to follow, '' for none

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
     * address share one connection, which is never that of a plain io(uri), with the first one's options.
     *
     * @param {String} [uri=location] as for io.connect
     * @param {Object} [opts={}] as for io.connect; copied
     * @param {Boolean|String|Function} [opts.ticket=false] where no cookie reaches the server: true gets each
     *     handshake a ticket from the page's own origin, by a POST to session-ticket under the path; a URL
     *     says where else; a function returns a ticket or a promise of one
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

      var path = copy.path.replace(/\/$/, '');
      var address = String(/^[^/]*\/\/[^/?#]*/.exec(fresh.io.uri)).replace(/^ws/, 'http') + path;
      var connection = !exclusive && shared[address];
      if (!connection || fresh.nsp in connection.manager.nsps) {
        var ticket = copy.ticket === true ? path + '/session-ticket' : copy.ticket;
        connection = new Connection(fresh.io, classic, address, ticket);
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
  function Connection(manager, classic, address, ticket) {
    this.manager = manager;
    this.classic = classic;
    this.address = address; // of the server, with the resource path
    this.ticket = ticket;   // a URL or a function
    this.claims = /session-ticket$/.test(ticket) ? ticket.replace(/ticket$/, 'claim') : address + '/session-claim';
    this.sessions = [];
    this.attempts = 0;      // retries since a connection lasted
    this.timer = null;      // of the next retry
    this.refusal = null;    // why the root was refused, see watchPackets
    this.renewed = 0;       // when the server said so
    this.untold = true;     // until the first login that is told or heard: sessions start with it
    this.loggedOut = false; // whether all tabs know of a logout
    watchHandshakes(this);
    watchPackets(this);
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
    this.sessions.filter(isOn).forEach(function (session) { session._waiting = true; });
    this.hangUp();
    this.connect();
  };

  /** Closes the connection for all its namespaces; the manager does not reconnect by itself. */
  Connection.prototype.hangUp = function () {
    var manager = this.manager;
    var engine = manager.engine;
    var told = false;
    function tell() { told = true; }
    clearTimeout(this.timer);
    this.timer = null;
    this.refusal = null;
    manager.on('close', tell);
    manager.disconnect();
    manager.off('close', tell);
    // An engine with packets to send or an upgrade to end closes later, if ever. Managers before 4.x wait for
    // that, and would take it for the end of their next engine; later ones let go at once.
    if (!told && engine && engine.readyState === 'closing') manager.onclose('forced close');
  };

  Connection.prototype.connect = function () {
    this.sessions.filter(isWaiting).forEach(function (session) { session._connect(); });
  };

  Connection.prototype.isOpen = function () {
    return !!this.manager.engine && this.manager.engine.readyState === 'open';
  };

  /** After a login in another tab, what it may mend is tried once. */
  Connection.prototype.hearLogin = function () {
    var lost = this.sessions.filter(isLost);
    lost.forEach(function (session) { session._expect(); });
    this.knowLogin();
    if (lost.length) this.resume();
  };

  /** All tabs know of this login: only sessions that are invalid now will have news, when they are back. */
  Connection.prototype.knowLogin = function () {
    this.untold = false;
    this.sessions.forEach(function (session) {
      if (session.state !== 'invalid') session._untold = false;
    });
  };

  Connection.prototype.tellLogin = function () {
    this.knowLogin();
    this.tell('login');
  };

  /** Of a logout an open connection hears from the server, and asks if it does not; others ask at once. */
  Connection.prototype.hearLogout = function () {
    var self = this;
    var engine = this.manager.engine;
    if (this.loggedOut) return;
    this.loggedOut = true;
    if (!this.isOpen()) return this.reopen();
    setTimeout(function () {
      if (self.manager.engine === engine && !self.sessions.some(isLost)) self.reopen();
    }, LOGOUT_WAIT);
  };

  Connection.prototype.tellLogout = function () {
    if (!this.loggedOut) this.tell('logout');
    this.loggedOut = true;
  };

  Connection.prototype.tell = function (word) {
    if (channel) channel.postMessage({ address: this.address, word: word });
  };

  /** Lets the connection hear of other tabs until forget() finds that the page has closed it. */
  Connection.prototype.remember = function () {
    if (connections.indexOf(this) < 0) connections.push(this);
    openChannel();
  };

  Connection.prototype.forget = function () {
    var self = this;
    if (this.sessions.some(isWanted)) return;
    connections = connections.filter(function (connection) { return connection !== self; });
    if (!connections.length) closeChannel();
  };

  function openChannel() {
    if (channel || typeof BroadcastChannel !== 'function') return;
    try {
      channel = new BroadcastChannel(CHANNEL);
    } catch (err) {
      return; // the browser lets this page share nothing
    }
    channel.onmessage = function (event) {
      var message = Object(event.data);
      connectionsTo(message.address).forEach(function (connection) {
        if (message.word === 'login') connection.hearLogin();
        if (message.word === 'logout') connection.hearLogout();
      });
    };
    if (channel.unref) channel.unref(); // Node.js would wait for messages
  }

  function connectionsTo(address) {
    return connections.filter(function (connection) { return connection.address === address; });
  }

  function closeChannel() {
    if (channel) channel.close();
    channel = null;
  }

  /** Gives every handshake the queries of the page, of its address and of this script, and a ticket of its own. */
  function watchHandshakes(connection) {
    var manager = connection.manager;
    var state = '_readyState' in manager ? '_readyState' : 'readyState';
    var asked = /\?([^#]*)/.exec(manager.uri);
    var open = manager.open;
    var latest;
    manager.uri = manager.uri.replace(/[?#].*/, ''); // its query would take the place of all others

    function proceed(f, ticket) {
      var opts = manager.opts;
      var query = opts.query;
      var ours = ticket ? SCRIPT_QUERY + '&ticket=' + encodeURIComponent(ticket) : SCRIPT_QUERY;
      opts.query = [encode(query), asked && asked[1], ours].filter(Boolean).join('&');
      open.call(manager, f);
      opts.query = query; // which the page may change
    }

    function fail(f, err) {
      if (isReason(err)) {
        connection.sessions.filter(isOn).forEach(function (session) { session._refuse(err); });
        return;
      }
      if (connection.classic) manager.emitAll('connect_error', err);
      else manager.emit('error', err);
      if (f) f(err);
      else manager.maybeReconnectOnOpen();
    }

    manager.open = manager.connect = function (f) {
      if (/^open/.test(manager[state])) return manager;
      connection.remember();
      if (!connection.ticket) {
        proceed(f);
        return manager;
      }
      var current = latest = {};
      function isOver() { return current !== latest || manager[state] !== 'opening'; } // closed meanwhile
      manager[state] = 'opening';
      manager.skipReconnect = false;
      setTimeout(function () {
        if (!isOver()) takeTicket(connection.ticket, function (err, ticket) {
          if (isOver()) return;
          manager[state] = 'closed';
          if (err) fail(f, err);
          else proceed(f, ticket);
        });
      }, 0);
      return manager;
    };
  }

  /** Calls done(null, ticket) or done(err); err is the server's reason where it has given one. */
  function takeTicket(source, done) {
    var timer = setTimeout(settle, TICKET_WAIT);
    function settle(err, ticket) {
      var good = typeof ticket === 'string' && ticket;
      clearTimeout(timer);
      done(good ? null : err || new Error('no ticket'), ticket);
    }
    function found(ticket) { settle(null, ticket); }
    function answered(status, body) {
      if (status === 200) found(body.ticket);
      else settle(status === 401 && isReason(body) ? body : new Error('no ticket: status ' + status));
    }

    if (typeof source !== 'function') return post(source, answered);
    try {
      var ticket = source();
    } catch (err) {
      return settle(err);
    }
    if (ticket && ticket.then) ticket.then(found, settle);
    else found(ticket);
  }

  /**
   * Posts the secret of a login, which brings the new cookie, or '' for the cookie of now; to where tickets come
   * from, if they do, for there the cookie is. One after the other: the cookie of before must not come last.
   */
  function redeem(url, secret) {
    var following = claims[url];
    if (!following) {
      claims[url] = [];
      postClaim(url, secret, 1);
    } else if (following.indexOf(secret) < 0) {
      following.push(secret);
    }
  }

  /**
   * Where there is no answer the login may have been made, and the browser's cookie be of no use any more: the
   * same request then gets the same answer. What is late is cut off: its cookie may be the one of before.
   */
  function postClaim(url, secret, attempt) {
    var timer = setTimeout(function () { cut(); answered(0); }, CLAIM_WAIT);
    var cut = post(url, answered, secret && 'claim=' + encodeURIComponent(secret));

    function answered(status) {
      if (!timer) return;
      clearTimeout(timer);
      timer = null;
      var done = /^2/.test(status);
      if (!done && status !== 403 && attempt < (secret ? CLAIM_TRIES : COOKIE_TRIES)) {
        setTimeout(postClaim, CLAIM_RETRY * Math.pow(2, attempt - 1), url, secret, attempt + 1);
        return;
      }
      var following = claims[url];
      if (following.length) postClaim(url, following.shift(), 1);
      else delete claims[url];
      if (done) connections.forEach(function (connection) { if (connection.claims === url) connection.resume(); });
    }
  }

  /**
   * Calls done(status, body), with the JSON of the body where it is some; with status 0 where there is no answer.
   * Returns a function that cuts the request off. A form needs no leave of another origin before it is sent.
   */
  function post(url, done, form) {
    function answered(status, text) {
      var body = null;
      try {
        body = JSON.parse(text);
      } catch (err) { /* it is not JSON */ }
      done(status, Object(body));
    }
    var type = 'application/x-www-form-urlencoded';
    if (typeof fetch === 'function') {
      var opts = { method: 'POST', credentials: isOwn(url) ? 'same-origin' : 'include' };
      var controller = typeof AbortController === 'function' && new AbortController();
      if (controller) opts.signal = controller.signal;
      if (form) {
        opts.headers = { 'Content-Type': type };
        opts.body = form;
      }
      fetch(url, opts)
        .then(function (res) { return res.text().then(function (text) { return [res.status, text]; }); })
        .then(function (answer) { answered(answer[0], answer[1]); }, function () { answered(0); });
      return function () { if (controller) controller.abort(); };
    }
    var xhr = new XMLHttpRequest();
    xhr.open('POST', url);
    xhr.withCredentials = true;
    if (form) xhr.setRequestHeader('Content-Type', type);
    xhr.onloadend = function () { answered(xhr.status, xhr.responseText); };
    xhr.send(form || null);
    return function () { xhr.abort(); };
  }

  /**
   * Hears of claims, and, in classic protocols, of the root. There the server connects it unasked, and closes
   * the whole connection when it refuses it. So the root's refusal is kept here, for each namespace that the
   * close then takes along.
   */
  function watchPackets(connection) {
    connection.manager.on('open', function () {
      connection.refusal = null;
      connection.sessions.filter(isWaiting).forEach(function (session) { session._outdated = false; });
    });
    connection.manager.on('packet', function (packet) {
      var data = packet.data;
      var event = packet.type === EVENT && data && data[0];
      if (event === CLAIM) redeem(connection.claims, String(data[1] || ''));
      if (!connection.classic || packet.nsp !== '/') return;
      if (event === 'sinvalid') connection.refusal = data[1];
      if (packet.type === ERROR && isReason(data)) connection.refusal = data;
    });
  }

  /** A page that is left says so at once, and connects again when the browser brings it back as it was. */
  function watchPage(connection) {
    function leave() {
      connection.hangUp();
      closeChannel();
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
    this._left = false;    // closed by the page
    this._outdated = false; // was refused for the cookie of the handshake
    this._untold = connection.untold; // whether the other tabs are to hear when it becomes active
    this._since = 0;       // when it became active
    this._disconnect = socket.disconnect;
    connection.sessions.push(this);
    follow(this, socket, connection);
  }

  Session.prototype.on = function (event, f) {
    this._listeners[event] = (this._listeners[event] || []).concat(f);
    return this;
  };

  Session.prototype.once = function (event, f) {
    var self = this;
    function first(value) {
      self.off(event, first);
      f(value);
    }
    first.listener = f; // by which off knows it
    return this.on(event, first);
  };

  Session.prototype.off = function (event, f) {
    this._listeners[event] = (this._listeners[event] || []).filter(function (g) {
      return g !== f && (!g.listener || g.listener !== f);
    });
    return this;
  };

  /**
   * Connects again with the cookie of now, whatever the state: call it after a login or a logout. The
   * socket is closed first if it is open, and the other namespaces of its connection come back with it.
   */
  Session.prototype.refresh = function () {
    this._expect();
    this._connection.reopen();
  };

  Session.prototype._expect = function () {
    this.state = 'pending';
    this.reason = undefined;
    this._waiting = true;
    this._connection.attempts = 0;
  };

  /**
   * Connects the socket. On an open connection two need a new handshake: a classic root, as no packet asks for
   * it, and who was refused for the cookie of that one.
   */
  Session.prototype._connect = function () {
    var connection = this._connection;
    var asked = connection.classic && this._socket.nsp === '/';
    var handshake = connection.isOpen() && (asked || this._outdated);
    this._outdated = false;
    this.state = 'pending';
    this.reason = undefined;
    this._waiting = handshake;
    if (handshake) connection.reopen();
    else this._socket.connect();
  };

  Session.prototype._activate = function () {
    this.state = 'active';
    this.reason = undefined;
    this._waiting = this._connection.loggedOut = false;
    this._since = Date.now();
    if (this._untold) this._connection.tellLogin();
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
    this.reason = reason = this._weigh(reason);
    this._outdated = COOKIE_ENDS.indexOf(reason.code) >= 0;
    this._disconnect.call(this._socket);
    this._waiting = reason.reconnect === true && connection.manager.reconnection();
    this._left = false;
    this._untold = this._untold || !this._waiting || reason.code === 'renewed';
    if (reason.code === 'destroyed') connection.tellLogout();
    if (this._waiting) connection.retry();
    this._emit('invalid', reason);
    if (this._waiting) this.state = 'pending'; // unless a listener has refreshed or disconnected meanwhile
  };

  /** Says what a reason means here: 'unknown' is not final while the new cookie may be on its way. */
  Session.prototype._weigh = function (reason) {
    var connection = this._connection;
    if (reason.code === 'renewed') connection.renewed = Date.now();
    if (reason.code !== 'unknown' || Date.now() - connection.renewed >= GRACE) return reason;
    return { code: reason.code, message: reason.message, reconnect: true, data: reason.data };
  };

  Session.prototype._emit = function (event, value) {
    (this._listeners[event] || []).forEach(function (f) { f(value); });
  };

  /** Leads what happens to the socket to its session. */
  function follow(session, socket, connection) {
    var classic = connection.classic;
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
        session._waiting = false; // closed by the page: nothing of ours opens it
        session._left = true;
        original.call(socket);
        connection.forget();
        return socket;
      };
    });
  }

  function isWaiting(session) { return session._waiting; }
  function isRefused(session) { return session.state === 'invalid' && !session._left; }
  function isLost(session) { return isRefused(session) && LOGIN_MENDS.indexOf(session.reason.code) >= 0; }
  function isOn(session) { return !!session._socket.subs; } // socket.io's own mark of a socket that is to be open
  function isWanted(session) { return isOn(session) || isWaiting(session) || isRefused(session); }

  function isReason(value) {
    return !!value && typeof value.code === 'string' && !(value instanceof Error);
  }

  function isOwn(url) {
    return !/^(\w+:)?\/\//.test(url) || typeof location === 'object' && url.indexOf(location.origin + '/') === 0;
  }

  function encode(query) {
    if (typeof query !== 'object') return query;
    return Object.keys(Object(query)).map(function (name) {
      return encodeURIComponent(name) + '=' + encodeURIComponent(query[name]);
    }).join('&');
  }

  if (typeof define === 'function' && define.amd) define(function () { return attach; });
  else if (typeof module === 'object' && module.exports) module.exports = attach;
  else if (global.io) attach(global.io);
  else if (global.console) global.console.error('socket.io-sessions.js: load socket.io.js before it');
})(typeof self !== 'undefined' ? self : this);
