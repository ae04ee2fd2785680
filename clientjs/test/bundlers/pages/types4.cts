// Compiled, never run, as an ES module and as CommonJS.
import { io, type Socket } from 'socket.io-client';
import attach from 'socketio-sessions-client';

export const { connectWithSession } = attach(io);
const socket: attach.SessionSocket<Socket> = connectWithSession('/chat', { auth: { any: 'thing' }, ticket: true });
socket.emit('say', 'hello');
socket.session.once('invalid', (reason: attach.Reason) => console.log(reason.code, socket.session.state));
// @ts-expect-error no such event
socket.session.once('renewed', () => undefined);
// @ts-expect-error a plain socket has no session
io('/chat').session;
// @ts-expect-error not before attach
io.connectWithSession();
