// Sockets that talk while nodes and proxies come and go.

import { becomes, sleep, within } from './wait.mjs';

export const BACK = 5000; // ms in which a client that asks again and again has found a node

/** Waits until each has said so much more. */
export async function goOn(talks, turns = 25) {
  const wanted = talks.map(({ puts }) => puts + turns);
  await becomes(BACK, () => talks.every(({ puts }, i) => puts >= wanted[i]), true);
}

/** Pings and puts by a socket, one after the other, with a pause in ms. What is on its way when the connection ends is given up. */
export class Talk {
  sent = 0;
  pings = []; // what was answered
  puts = 0;   // how many were acknowledged, and what is under the key then, at least

  constructor({ socket }, key, pause = 0) {
    Object.assign(this, { socket, key, pause });
    this.running = this.#run();
  }

  async #run() {
    const next = (event) => new Promise((resolve) => this.socket.once(event, () => resolve()));
    while (!this.stopped) {
      await sleep(this.pause);
      if (!this.socket.connected) await next('connect');
      const ended = next('disconnect');
      const ask = (...event) => Promise.race([ended, new Promise((resolve) => this.socket.emit(...event, resolve))]);
      this.sent++;
      const answer = await ask('message', '');
      if (answer?.pings) this.pings.push(answer.pings);
      if (await ask('put', this.key, String(this.puts + 1)) === true) this.puts++;
    }
  }

  stop() {
    this.stopped = true;
    return within(BACK, this.running, 'the last answer');
  }
}
