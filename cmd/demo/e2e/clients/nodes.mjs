// Two demos on one Redis behind a proxy, and browsers before it.

import { Demo } from './demo.mjs';
import { Proxy } from './proxy.mjs';
import { Visitor } from './visitor.mjs';
import { within } from './wait.mjs';

/** Starts two nodes with these flags, and a proxy before them. */
export async function startNodes(redis, { sticky = false } = {}, ...flags) {
  const start = () => Demo.start('-store', redis.url(), ...flags);
  const nodes = await Promise.all([start(), start()]);
  const proxy = await Proxy.start(nodes, { sticky });
  return {
    nodes, proxy,
    /** A browser that has opened the page. */
    visit: async (t, user) => {
      const browser = new Browser(t, proxy.url);
      await browser.request('GET', '/');
      if (user) await browser.login(user);
      return browser;
    },
    /** Starts a node in the place of one that has ended. */
    restart: async (index) => { nodes[index] = await start(); },
    end: async () => {
      await proxy.end();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** A visitor who keeps the proxy's cookie as well. */
class Browser extends Visitor {
  async request(...args) {
    const answer = await super.request(...args);
    for (const line of answer.headers.getSetCookie()) {
      const [, node] = /^node=(\d+)/.exec(line) || [];
      if (node) this.node = node;
    }
    return answer;
  }

  get cookie() {
    return super.cookie + (this.node ? '; node=' + this.node : '');
  }

  /** The same session, on the other node of a sticky proxy. */
  elsewhere() {
    const other = new Browser(this.t, this.url);
    return Object.assign(other, { token: this.token, node: String(1 - this.node) });
  }
}

/** Connects this many websockets at once: without stickiness they go to the nodes in turn. */
export function connectSome(visitor, count, way) {
  return Promise.all(Array.from({ length: count }, () => visitor.connect(way)));
}

/** Waits until each of the sockets was told and closed; resolves with what they were told. */
export async function ends(ms, sockets) {
  const all = Promise.all(sockets.map(async ({ told, closed }) => {
    const why = await told;
    await closed;
    return why;
  }));
  return within(ms, all, 'sinvalid and the end of every socket');
}
