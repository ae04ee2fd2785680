// A way to a server that can become a black hole: then connections stay open, new ones are accepted, and nothing arrives.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Hole {
  #pairs = new Set();
  #open = false;

  static async start(port) {
    const hole = new Hole();
    hole.server = createServer((socket) => hole.#serve(socket, port));
    hole.server.listen(0, '127.0.0.1');
    await once(hole.server, 'listening');
    hole.address = `127.0.0.1:${hole.server.address().port}`;
    return hole;
  }

  #serve(socket, port) {
    const pair = [socket, connect(port, '127.0.0.1')];
    this.#pairs.add(pair);
    for (const [i, from] of pair.entries()) {
      const to = pair[1 - i];
      from.on('data', (bytes) => { if (!this.#open) to.write(bytes); });
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  /** From now on nothing arrives. */
  open() {
    this.#open = true;
  }

  /** What arrives again is unknown at the other side by now: all connections are reset. */
  close() {
    this.#open = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async end() {
    this.close();
    this.server.close();
    await once(this.server, 'close');
  }
}
