// Engine.IO by hand, for what no client would do.

import { request as send } from 'node:http';
import { within } from './wait.mjs';

const SEPARATOR = '\x1e';

/** One request on a connection of its own, with these headers and no others. A 101 resolves with its socket. */
export function request(url, { method = 'GET', headers = {}, body } = {}) {
  const answer = new Promise((resolve, reject) => {
    const sent = send(url, { method, headers, agent: false });
    sent.on('error', reject);
    sent.on('response', async (response) => {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    sent.on('upgrade', (response, socket) => resolve({ status: response.statusCode, headers: response.headers, socket }));
    sent.end(body);
  });
  return within(10000, answer, `the answer to ${method} ${url}`);
}

/** The headers of a websocket's handshake. */
export const upgrading = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.from('sixteen bytes...').toString('base64'),
};

/** A short text as a client's websocket frame; its mask is 0. */
export function frame(text) {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** Resolves when the socket has received the text. */
export function receives(socket, text) {
  const seen = new Promise((resolve, reject) => {
    let all = '';
    socket.on('data', (bytes) => {
      all += bytes.toString('latin1');
      if (all.includes(text)) resolve();
    });
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(all)}`)));
  });
  return within(5000, seen, text);
}

/** A connection by polling. Its headers go with every request that names no others. */
export class Raw {
  packets = []; // what has come

  constructor(url, version, headers) {
    this.url = url;
    this.version = version;
    this.headers = headers;
  }

  /** Opens a connection, in version 3 or 4 of Engine.IO, and waits until its root is connected. */
  static async connect(url, version, headers) {
    const raw = new Raw(url, version, headers);
    const opened = await raw.handshake();
    if (opened.status !== 200) throw new Error(`handshake: ${opened.status} ${opened.text}`);
    if (version === 4) await raw.post('40');
    await raw.until(/^40/);
    return raw;
  }

  address(transport = 'polling', more = '') {
    const sid = this.sid ? '&sid=' + this.sid : '';
    return `${this.url}/socket.io/?EIO=${this.version}&transport=${transport}&b64=1${sid}${more}`;
  }

  async handshake(headers = this.headers, more = '') {
    const answer = await request(this.address('polling', more), { headers });
    if (answer.status === 200) {
      const [open, ...rest] = this.decode(answer.text); // what was queued by then goes with it
      this.sid = JSON.parse(open.slice(1)).sid;
      this.packets.push(...rest);
    }
    return answer;
  }

  /** The packets of a payload. */
  decode(text) {
    if (this.version === 4) return text.split(SEPARATOR);
    const packets = [];
    while (text !== '') {
      const [, length] = /^(\d+):/.exec(text);
      const begin = length.length + 1;
      packets.push(text.slice(begin, begin + Number(length)));
      text = text.slice(begin + Number(length));
    }
    return packets;
  }

  async poll(headers = this.headers) {
    const answer = await request(this.address(), { headers });
    if (answer.status === 200) this.packets.push(...this.decode(answer.text));
    return answer;
  }

  post(packet, headers = this.headers) {
    const body = this.version === 4 ? packet : `${packet.length}:${packet}`;
    return request(this.address(), { method: 'POST', headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers }, body });
  }

  upgrade(headers = this.headers) {
    return request(this.address('websocket'), { headers: { ...headers, ...upgrading } });
  }

  /** Polls until a packet matches, and resolves with it; at most 100 times. */
  async until(pattern, headers = this.headers) {
    for (let polls = 0; polls < 100; polls++) {
      const found = this.packets.find((packet) => pattern.test(packet));
      if (found) return found;
      const { status, text } = await this.poll(headers);
      if (status !== 200) throw new Error(`poll for ${pattern}: ${status} ${text}; so far: ${this.packets}`);
    }
    throw new Error(`no ${pattern} in ${this.packets}`);
  }

  /** Sends an event up with this number, and waits for its acknowledgement. */
  async up(n, headers = this.headers) {
    const { status, text } = await this.post(`42${n}["up",${n},"text"]`, headers);
    if (status !== 200) throw new Error(`post: ${status} ${text}`);
    return this.until(new RegExp(`^43${n}\\[`), headers);
  }
}
