// A browser as far as HTTP and Socket.IO go: it keeps the cookie and sends it, also with sockets.

import { modes, ways } from './matrix.mjs';
import { LIMIT, Peer } from './peer.mjs';
import { within } from './wait.mjs';

export const scopes = ['connection', 'message'];

export { ways };

/** The ways of these names. */
export const waysOf = (...names) => names.map((name) => {
  const way = ways.find((one) => one.name === name);
  if (!way) throw new Error(`no client ${name}`);
  return way;
});

/** Some that differ in all, where every way would be too many. */
export const few = waysOf('1.7.4 by polling', '2.5.0 by websocket', '3.1.3 by upgrade', '4.8.4 by polling');

const [usual] = waysOf('2.5.0 by websocket');

export class Visitor {
  constructor(t, url) {
    this.t = t;
    this.url = url;
    this.token = undefined;
  }

  /** Does not follow redirects. */
  async request(method, path, form, headers = {}) {
    if (this.token) headers = { cookie: this.cookie, ...headers };
    const answer = await this.send(this.url + path, method, headers, form && new URLSearchParams(form));
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  async send(url, method, headers, body) {
    const signal = AbortSignal.timeout(LIMIT);
    const answer = await fetch(url, { method, body, headers, signal, redirect: 'manual' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
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

  /** Opens a socket with the cookie, on a connection of its own. way may be one of ways, or name but a mode. */
  open(way = {}) {
    const { io, modern, mode, namespace = '/', options } = { ...usual, ...way };
    const settings = { forceNew: true, reconnection: false, ...options };
    if (this.token) settings.extraHeaders = { Cookie: this.cookie, ...options?.extraHeaders };
    if (modes[mode]) settings.transports = modes[mode];
    const socket = io(this.url + namespace, settings);
    this.t.after(() => socket.io[modern ? '_close' : 'close']());
    return new Peer(socket, modern);
  }

  /** Opens a socket and waits until it has connected. */
  async connect(way) {
    const peer = this.open(way);
    await within(LIMIT, peer.connected, 'connect');
    return peer;
  }
}
