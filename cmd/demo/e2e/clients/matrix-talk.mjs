// What one socket says to the mirror and hears from it, from its first moment on, with every fault that it notices.
// It runs in Node.js and, as it stands, in a browser's page.

const EVENTS = 40;
const AT_ONCE = 5; // before the connect, and again in it
const PACE = 10;   // ms between those that follow

/** Call it before the socket has connected. Resolves with the faults: none is the proof. */
export async function talk(socket, { texts, bytes, buffersFirst }) {
  const text = (n) => texts[n % texts.length];
  const faults = [];
  const down = [];
  const acked = [];
  const want = (what, is, wanted) => {
    if (JSON.stringify(is) !== JSON.stringify(wanted)) faults.push(`${what}: ${JSON.stringify(is)}, want ${JSON.stringify(wanted)}`);
  };
  const ask = (event, ...args) => new Promise((resolve) => socket.emit(event, ...args, resolve));
  const hear = (event) => new Promise((resolve) => socket.once(event, resolve));
  const up = async (n) => {
    const ack = await ask('up', n, text(n));
    acked.push(n);
    want('ack of up', ack, { n, text: text(n) });
  };

  let connects = 0;
  const failed = new Promise((resolve) => {
    for (const event of ['disconnect', 'connect_error', 'connect_timeout', 'error']) {
      socket.on(event, (why) => {
        faults.push(`${event}: ${why?.message ?? JSON.stringify(why)} ${why?.description ?? ''}`);
        resolve();
      });
    }
  });
  const allDown = new Promise((resolve) => {
    socket.on('down', (n, what) => {
      if (connects !== 1) faults.push(`down after ${connects} connects`);
      want('down', { n, text: what }, { n: down.length, text: text(down.length) });
      if (down.push(n) === EVENTS) resolve();
    });
  });
  socket.on('question', (what, answer) => answer(what + '?'));

  const work = [allDown];
  const later = buffersFirst ? AT_ONCE : 0; // the first number that is emitted in the connect
  for (let n = 0; n < AT_ONCE; n++) work.push(up(AT_ONCE - later + n));
  const connected = new Promise((resolve) => {
    socket.on('connect', () => {
      if (++connects > 1) return;
      for (let n = 0; n < AT_ONCE; n++) work.push(up(later + n));
      work.push(ask('blob', bytes).then((ack) => want('ack of blob', ack, true)));
      work.push(hear('blob').then((back) => want('blob', listed(back), listed(bytes))));
      work.push(ask('a,b]c', text(0)).then((ack) => want('ack of a,b]c', ack, text(0))));
      work.push(hear('answered').then((answer) => want('answered', answer, text(3) + '?')));
      socket.emit('ask', text(3));
      let n = 2 * AT_ONCE;
      const timer = setInterval(() => {
        work.push(up(n));
        if (++n < EVENTS) return;
        clearInterval(timer);
        resolve();
      }, PACE);
    });
  });

  const all = Array.from({ length: EVENTS }, (_, n) => n);
  const done = connected.then(() => Promise.all(work)).then(() => ask('seen')).then((seen) => {
    want('handled', seen, all);
    want('acknowledged', acked, all);
    want('pushed', down, all);
  });
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, 30000); })
    .then(() => faults.push(`after 30 s: ${connects} connects, ${down.length} pushed, ${acked.length} acknowledged`));
  await Promise.race([done, failed, late]);
  clearTimeout(timer);
  return faults;
}

/** The bytes of a Buffer, an ArrayBuffer or a view of one. */
function listed(bytes) {
  if (bytes instanceof ArrayBuffer) bytes = new Uint8Array(bytes);
  return ArrayBuffer.isView(bytes) ? Array.from(bytes) : bytes;
}
