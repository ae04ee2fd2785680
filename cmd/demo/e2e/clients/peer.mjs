// A client's socket that remembers what it heard from its first moment on.

import assert from 'node:assert/strict';
import { within } from './wait.mjs';

export const LIMIT = 10000; // ms that nothing here takes

export class Peer {
  heard = []; // which of these it heard, in their order: connect, refused, sinvalid, disconnect
  said = [];

  constructor(socket, modern) {
    this.socket = socket;
    this.modern = modern;
    const first = (name, event = name) => new Promise((resolve) => {
      socket.on(event, (value) => {
        this.heard.push(name);
        resolve(value);
      });
    });
    const failed = first('refused', modern ? 'connect_error' : 'error');
    this.connected = Promise.race([first('connect'), failed.then((why) => { throw new Error(`refused: ${why.message}`); })]);
    this.connected.catch(() => {}); // for those who expect it
    this.refused = failed.then((why) => this.#reasonOf(why));
    this.refused.catch(() => {}); // for those who expect none
    this.told = first('sinvalid');
    this.closed = first('disconnect');
    this.ended = new Promise((resolve) => socket.io.engine.once('close', resolve)); // the connection has
    socket.on('said', (line) => this.said.push(line));
  }

  /** Older clients get the object itself, newer ones an Error around it. */
  #reasonOf(why) {
    if (!this.modern) return why;
    assert.ok(why instanceof Error);
    assert.equal(why.message, why.data?.message);
    return why.data;
  }

  /** Another namespace of the same connection. */
  namespace(name) {
    return new Peer(this.socket.io.socket(name, this.socket.io.opts), this.modern);
  }

  /** Emits and resolves with the acknowledgement. */
  ask = (event, ...args) => {
    const acked = new Promise((resolve) => this.socket.emit(event, ...args, resolve));
    return within(LIMIT, acked, `the acknowledgement of ${event} after ${this.heard}`);
  };

  /** Emits and resolves with the code that the acknowledgement carries, or undefined for a success. */
  code = async (...args) => (await this.ask(...args))?.error?.code;

  /** The next event of this name. */
  hears(event) {
    return within(LIMIT, new Promise((resolve) => this.socket.once(event, resolve)), event);
  }

  /** Why it was not let in, or why it is to go. */
  refusal = () => within(LIMIT, this.refused, 'the refusal');
  sinvalid = () => within(LIMIT, this.told, 'sinvalid');

  /** The end of the socket, or of the whole connection. */
  end = () => within(LIMIT, this.closed, 'disconnect');
  over = () => within(LIMIT, this.ended, 'the end of the connection');

  /** How often it has heard it. */
  count = (name) => this.heard.filter((one) => one === name).length;

  leave = () => this.socket.close();
}
