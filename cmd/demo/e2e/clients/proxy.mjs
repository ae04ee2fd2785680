// A reverse proxy before several nodes, for HTTP and websockets. Each request goes to the next node, or, where the proxy
// is sticky, to the one that its own cookie names; to another where that one is down. It hands the Host on.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

const COOKIE = /(?:^|;\s*)node=(\d+)/;

export class Proxy {
  wires = [];      // by node, the number of websockets that are open
  #turn = 0;
  #upgraded = new Set();

  /** nodes: anything with a url; an element may be replaced at any time. */
  static async start(nodes, { sticky = false } = {}) {
    const proxy = new Proxy();
    Object.assign(proxy, { nodes, sticky, wires: nodes.map(() => 0) });
    proxy.server = createServer((req, res) => { proxy.#serve(req, res).catch(() => res.destroy()); });
    proxy.server.on('upgrade', (req, socket, head) => proxy.#upgrade(req, socket, head, proxy.#order(req)));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  async end() {
    this.server.close();
    this.server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await once(this.server, 'close');
  }

  /** The nodes to try, one after the other. */
  #order({ headers }) {
    const own = this.sticky && COOKIE.exec(headers.cookie);
    const first = own ? Number(own[1]) : this.#turn++;
    return this.nodes.map((_, i) => (first + i) % this.nodes.length);
  }

  #target(index) {
    return { host: '127.0.0.1', port: Number(new URL(this.nodes[index].url).port) };
  }

  async #serve(req, res) {
    const body = await buffer(req);
    for (const index of this.#order(req)) {
      try {
        return this.#answer(res, index, req, await this.#forward(index, req, res, body));
      } catch (err) {
        if (err.code !== 'ECONNREFUSED') break; // it may have been handled
      }
    }
    res.writeHead(502).end();
  }

  /** Resolves with the node's answer. A client that hangs up takes its request along. */
  #forward(index, { method, url, headers }, res, body) {
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#target(index), method, path: url, headers, agent: false }, resolve);
      sent.on('error', reject);
      res.on('close', () => sent.destroy());
      sent.end(body);
    });
  }

  #answer(res, index, { headers }, answer) {
    const lines = [...answer.rawHeaders];
    if (this.sticky && COOKIE.exec(headers.cookie)?.[1] !== String(index)) lines.push('set-cookie', `node=${index}; Path=/; HttpOnly`);
    res.writeHead(answer.statusCode, lines);
    answer.on('error', () => res.destroy());
    answer.pipe(res);
  }

  #upgrade(req, socket, head, [index, ...others]) {
    socket.on('error', () => socket.destroy());
    if (index === undefined) return socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
    const wire = connect(this.#target(index));
    let open = false;
    wire.on('error', () => {
      if (open) socket.destroy();
      else this.#upgrade(req, socket, head, others);
    });
    wire.on('connect', () => {
      open = true;
      this.wires[index]++;
      this.#upgraded.add(socket);
      wire.write(startOf(req));
      wire.write(head);
      socket.pipe(wire).pipe(socket);
    });
    wire.on('close', () => {
      if (!open) return;
      this.wires[index]--;
      this.#upgraded.delete(socket);
      socket.destroy();
    });
    socket.on('close', () => wire.destroy());
  }
}

/** The request up to its body, as it came. */
function startOf({ method, url, rawHeaders }) {
  let text = `${method} ${url} HTTP/1.1\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return text + '\r\n';
}
