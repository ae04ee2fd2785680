'use strict';

// The two clients. Each has a connection of its own; the session is one.

const { path, namespace } = document.body.dataset;

/** A client of the page, and the panel that shows it. */
class Client {
  constructor(letter, forceNew) {
    this.name = 'Client ' + letter;
    this.suffix = forceNew ? '-' + letter.toLowerCase() : ''; // of the ids of its elements
    this.log = new Log(this.find('log'), this.name);
    this.socket = io.connectWithSession(namespace, { path, forceNew });
    this.socket.on('changed', (keys) => this.changed(keys));
    this.socket.session.on('active', () => this.entered());
    this.socket.session.on('invalid', (reason) => this.ended(reason));
    this.socket.on('disconnect', () => this.via('none', 'bad'));
    this.socket.on('blob', (bytes) => this.log.write('in', 'event blob', hex(bytes)));
    follow(this.socket, 'socket', this.log);
  }

  find(id) { return $(id + this.suffix); }

  get session() { return this.socket.session; }

  entered() {
    const { engine } = this.socket.io;
    this.via(engine.transport.name, 'good');
    engine.once('upgrade', ({ name }) => { if (this.socket.connected) this.via(name, 'good'); }); // it begins with polling
    look();
  }

  ended() { look(); }

  changed(keys) {
    this.log.hear('changed ' + keys.join(', '));
    look();
  }

  via(transport, tone) {
    this.find('transport').textContent = transport;
    this.find('transport').dataset.tone = tone;
  }

  ping() {
    return act(this.log, 'send("hi")', () => ask(this.socket, 'message', 'hi'));
  }

  put(key, value) {
    return act(this.log, 'emit("put", ' + show([key, value]).slice(1, -1) + ')', () => ask(this.socket, 'put', key, value));
  }

  emit(event, ...args) {
    const shown = args.map((arg) => (arg instanceof ArrayBuffer ? arg.byteLength + ' bytes' : show(arg)));
    return act(this.log, 'emit(' + [show([event]).slice(1, -1), ...shown].join(', ') + ')', () => ask(this.socket, event, ...args));
  }
}

const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join(' ');

/** Writes down when a socket gets in, when it is refused, and how it ends. */
function follow(socket, name, log) {
  let inside = false;
  socket.session.on('active', () => {
    inside = true;
    log.write('', name + ' connected', '', 'good');
  });
  socket.session.on('invalid', ({ code, message, reconnect }) => {
    const what = !inside ? 'refused' : reconnect ? 'closed' : 'ended';
    const next = reconnect ? 'The script reconnects by itself.' : 'The script does not try again.';
    inside = false;
    log.writeOf(name, what + ': ' + code, message.replace(/[^.!?]$/, '$&.') + ' ' + next, reconnect ? 'wait' : 'bad');
  });
  socket.on('disconnect', (why) => {
    if (!inside || socket.session.state === 'invalid') return; // told above
    inside = false;
    // The script closes and connects again where a new cookie, or a new answer, needs a new handshake.
    if (why === 'forced close') log.writeOf(name, 'reconnecting', 'On purpose: a new handshake takes the cookie of now along.');
    else log.writeOf(name, 'disconnected', why, 'wait');
  });
}
