// Compiled, never run, with @types/socket.io-client.
import io from 'socket.io-client';
import attach from 'socketio-sessions-client';

const socket: attach.SessionSocket<SocketIOClient.Socket> = attach(io).connectWithSession({ ticket: true, query: { room: '7' } });
socket.emit('say', 'hello').connect();
socket.session.once('active', () => socket.session.refresh());
// @ts-expect-error an option that socket.io does not know
attach(io).connectWithSession({ transport: ['websocket'] });
// @ts-expect-error a plain socket has no session
io('/chat').session;
