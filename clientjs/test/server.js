'use strict';

// A Socket.IO server that refuses as ours do. socket.io 4 speaks both protocols, so one serves all clients.

const { once } = require('node:events');
const http = require('node:http');
const { Server } = require('socket.io');

/**
 * @param {TestContext} t closes the server at its end
 * @param {Function} admit (nsp, cookie) => undefined, or a reason to refuse; with reason.at 'connect' the
 *     namespace is refused by an error packet, otherwise it is connected and told, and when the client has
 *     heard it (it hangs up, or sends 'heard') the connection is closed; with reason.alone it stays
 * @param {Object} [routes] what else is served beside the transports: name => (cookie, body) => [status, body, cookie to set]
 */
async function startServer(t, admit, routes = {}) {
  const web = http.createServer();
  const io = new Server(web, { allowEIO3: true, serveClient: false });
  serve(web, routes);
  const handshakes = []; // the cookie of each
  const gone = [];       // [nsp, why] of each socket that was connected
  io.engine.on('connection', (conn) => handshakes.push(conn.request.headers.cookie));

  for (const nsp of [io.of('/'), io.of('/chat')]) {
    nsp.use((socket, next) => {
      const reason = admit(nsp.name, socket.handshake.headers.cookie);
      socket.data.reason = reason;
      next(reason && reason.at === 'connect' ? Object.assign(new Error(reason.message), { data: reason }) : undefined);
    });
    nsp.on('connection', (socket) => {
      const reason = socket.data.reason;
      socket.on('echo', (text, ack) => ack(text));
      socket.on('heard', () => socket.conn.close());
      socket.on('disconnect', (why) => {
        gone.push([nsp.name, why]);
        if (reason && !reason.alone) socket.conn.close();
      });
      if (reason) socket.emit('sinvalid', reason);
    });
  }

  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => io.close());
  return { uri: `http://127.0.0.1:${web.address().port}`, io, handshakes, gone };
}

function serve(web, routes) {
  const [transports] = web.listeners('request');
  web.removeAllListeners('request');
  web.on('request', async (req, res) => {
    const route = routes[req.url.replace('/socket.io/', '')];
    if (!route) return transports(req, res);
    const sent = Buffer.concat(await req.toArray()).toString();
    const [status, body, cookie] = req.method === 'POST' ? route(req.headers.cookie, sent) : [405];
    res.writeHead(status, cookie ? { 'Set-Cookie': `${cookie}; HttpOnly` } : {});
    res.end(body && JSON.stringify(body));
  });
}

module.exports = { startServer };
