// Every client in every mode.

import io17 from 'socket.io-client-1.7';
import io20 from 'socket.io-client-2.0';
import io25 from 'socket.io-client-2.5';
import io31 from 'socket.io-client-3.1';
import io48 from 'socket.io-client-4.8';

/** modern: speaks Engine.IO 4. buffersFirst: sends what was emitted before the connect ahead of what is emitted in it. */
export const clients = {
  '1.7.4': { io: io17 },
  '2.0.4': { io: io20 },
  '2.5.0': { io: io25, buffersFirst: true },
  '3.1.3': { io: io31, modern: true },
  '4.8.4': { io: io48, modern: true, buffersFirst: true },
};

/** The transports of each mode; the default ones begin with polling and upgrade to websocket. */
export const modes = { polling: ['polling'], websocket: ['websocket'], upgrade: undefined };

/** Every client in every mode, named. */
export const ways = Object.entries(clients).flatMap(([version, client]) =>
  Object.keys(modes).map((mode) => ({ ...client, version, mode, name: `${version} by ${mode}` })));

/** Opens a socket with the cookie of the visitor, if there is one, on a connection of its own. */
export function open(visitor, way, namespace = '/', options = {}) {
  const settings = { forceNew: true, reconnection: false, timeout: 20000, ...options };
  if (modes[way.mode]) settings.transports = modes[way.mode];
  if (visitor.token) settings.extraHeaders = { Cookie: visitor.cookie };
  const socket = way.io(visitor.url + namespace, settings);
  visitor.t.after(() => socket.io[way.modern ? '_close' : 'close']()); // for good: it does not reconnect
  return socket;
}

/** Resolves when the connection is where its mode ends: for an upgrade, on its websocket. */
export function settled(socket, mode) {
  const { engine } = socket.io;
  const wanted = mode === 'polling' ? 'polling' : 'websocket';
  return new Promise((resolve, reject) => {
    if (engine.transport.name === wanted) resolve();
    else engine.once('upgrade', resolve);
    engine.once('upgradeError', reject);
    engine.once('close', (reason) => reject(new Error('closed: ' + reason)));
  });
}
