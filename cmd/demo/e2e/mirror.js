// Runs in a page of the mirror, or of a friend of it, beside clients/matrix-talk.mjs and socket.io.js.

/** Has count sockets of the mirror at url talk in two namespaces, width of them at a time. Resolves with the faults. */
async function talkAll(url, texts, transports, count, width) {
  const faults = [];
  let left = count;
  const lane = async () => {
    while (left-- > 0) faults.push(...await converse(url, texts, transports));
  };
  await Promise.all(Array.from({ length: width }, lane));
  return faults;
}

async function converse(url, texts, transports) {
  const root = io(url, { forceNew: true, reconnection: false, withCredentials: true, transports });
  const chat = root.io.socket('/chat');
  const { engine } = root.io;
  const ends = transports && transports[0] === 'polling' ? 'polling' : 'websocket';
  const upgraded = new Promise((resolve) => {
    if (engine.transport.name === ends) resolve([]);
    engine.once('upgrade', () => resolve([]));
    engine.once('close', () => resolve(['closed before the upgrade']));
    setTimeout(() => resolve(['no upgrade']), 20000);
  });
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i).buffer;
  const buffersFirst = true; // as the clients 2.5.0 and 4.8.4 do
  const faults = (await Promise.all([root, chat].map((socket) => talk(socket, { texts, bytes, buffersFirst })))).flat();
  if (faults.length === 0) faults.push(...await upgraded);
  root.off();
  chat.off();
  engine.close();
  return faults;
}
