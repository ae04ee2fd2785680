// A browser as far as HTTP and Socket.IO go: it keeps the cookie and sends it, also with sockets.

import io1 from 'socket.io-client-1.7';
import io20 from 'socket.io-client-2.0';
import io25 from 'socket.io-client-2.5';
import { within } from './wait.mjs';

const LIMIT = 10000; // ms that nothing here takes

const clients = { '1.7.4': io1, '2.0.4': io20, '2.5.0': io25 };
const transports = ['polling', 'websocket'];

export const scopes = ['connection', 'message'];

/** Every client with every transport, named. */
export const ways = Object.keys(clients).flatMap((client) =>
  transports.map((transport) => ({ client, transport, name: `${client} over ${transport}` })));

export class Visitor {
  constructor(t, url) {
    this.t = t;
    this.url = url;
    this.token = undefined;
  }

  /** Does not follow redirects. */
  async request(method, path, form, headers = {}) {
    if (this.token) headers = { cookie: this.cookie, ...headers };
    const body = form && new URLSearchParams(form);
    const signal = AbortSignal.timeout(LIMIT);
    const answer = await fetch(this.url + path, { method, body, headers, signal, redirect: 'manual' });
    const text = await answer.text();
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return { status: answer.status, headers: answer.headers, text };
  }

  #keep(line) {
    const [, name, value] = /^([^=]*)=([^;]*)/.exec(line);
    if (name === 'session') this.token = /;\s*max-age=0/i.test(line) || value === '' ? undefined : value;
  }

  get cookie() {
    return 'session=' + this.token;
  }

  status = async (...args) => (await this.request(...args)).status;

  /** GET /session, or undefined where there is none. */
  session = async () => {
    const { status, text } = await this.request('GET', '/session');
    return status === 200 ? JSON.parse(text) : undefined;
  };

  values = async () => (await this.session())?.values;
  value = async (key) => (await this.values())?.[key];
  put = (key, value, more) => this.status('POST', '/session', { key, value, ...more });
  remove = (key) => this.status('DELETE', '/session?key=' + encodeURIComponent(key));
  login = (user) => this.status('POST', '/login', { user });
  logout = () => this.status('POST', '/logout');

  /** A second browser that has stolen, or been given, the cookie of now. */
  twin() {
    const twin = new Visitor(this.t, this.url);
    twin.token = this.token;
    return twin;
  }

  /** Opens a socket on a connection of its own. */
  open({ client = '2.5.0', transport = 'websocket', namespace = '/', options = {} } = {}) {
    const headers = this.token ? { Cookie: this.cookie } : {};
    const settings = { forceNew: true, reconnection: false, extraHeaders: headers, ...options };
    if (transport) settings.transports = [transport];
    const socket = clients[client](this.url + namespace, settings);
    this.t.after(() => socket.io.close());
    handshakeAgain(socket);
    return new Peer(socket);
  }

  /** Opens a socket and waits until it has connected. */
  async connect(way) {
    const peer = this.open(way);
    await within(LIMIT, peer.connected, 'connect');
    return peer;
  }
}

/**
 * go-socket.io v1.7.0 answers a polling handshake before it knows the id that it answers with, so now and then the next
 * request gets 400 "invalid sid value". A user's client would reconnect; these do so only until they have connected.
 */
function handshakeAgain(socket, tries = 5) {
  socket.once('connect', () => { tries = 0; });
  socket.io.on('close', () => { if (tries-- > 0) setTimeout(() => socket.connect(), 10); });
}

/** A client's socket that remembers what it heard from its first moment on. */
export class Peer {
  refusals = [];
  said = [];

  constructor(socket) {
    this.socket = socket;
    this.connected = new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (err) => reject(new Error(`connect_error: ${err.message} ${err.description}`)));
    });
    this.connected.catch(() => {}); // for those who expect it
    this.refused = new Promise((resolve) => socket.once('sinvalid', resolve));
    this.closed = new Promise((resolve) => socket.once('disconnect', resolve));
    socket.on('sinvalid', (why) => this.refusals.push(why));
    socket.on('said', (line) => this.said.push(line));
  }

  /** Another namespace of the same connection. */
  namespace(name) {
    return new Peer(this.socket.io.socket(name));
  }

  /** Emits and resolves with the acknowledgement. */
  ask = (event, ...args) => {
    const acked = new Promise((resolve) => this.socket.emit(event, ...args, resolve));
    return within(LIMIT, acked, `the acknowledgement of ${event}`);
  };

  /** Emits and resolves with the code that the acknowledgement carries, or undefined for a success. */
  code = async (...args) => (await this.ask(...args))?.error?.code;

  /** The next event of this name. */
  hears(event) {
    return within(LIMIT, new Promise((resolve) => this.socket.once(event, resolve)), event);
  }

  refusal = () => within(LIMIT, this.refused, 'sinvalid');
  end = () => within(LIMIT, this.closed, 'disconnect');
  leave = () => this.socket.close();
}
