// Compiled, never run: what must be accepted, and, under @ts-expect-error, what must not.
import attach from '../..';
import { io as plain3 } from 'socket.io-client-3';
import io4 from 'socket.io-client-4';

const classic: SocketIOClient.Socket = io.connectWithSession();
io.connectWithSession({ transports: ['websocket'] });
io.connectWithSession('/chat');
io.SessionSocket('/chat', { reconnection: false }).emit('say', 'hello');
classic.emit('say', 'hello');
io.connectWithSession({ ticket: true, query: { room: '7' } });
io.connectWithSession('/chat', { ticket: '/tickets' });
io.connectWithSession('/chat', { ticket: () => 'ticket' });
// @ts-expect-error no source of tickets
io.connectWithSession({ ticket: 7 });
// @ts-expect-error a plain client knows no tickets
io.connect('/chat', { ticket: true });
// @ts-expect-error an option that socket.io does not know
io.connectWithSession({ transport: ['websocket'] });
// @ts-expect-error an address is a string
io.connectWithSession(3000);

const { session } = attach(io4).connectWithSession('/chat', { auth: { any: 'thing' } });
session
  .on('active', () => session.refresh())
  .on('invalid', (reason) => console.log(reason.code.length, reason.reconnect === true, reason.data))
  .once('active', () => undefined)
  .once('invalid', ({ message }) => message.length)
  .off('active', () => undefined);
attach(io4).connectWithSession({ ticket: async () => 'ticket', auth: { any: 'thing' } });
// @ts-expect-error a promise of no ticket
attach(io4).connectWithSession({ ticket: async () => undefined });
const io3 = attach(plain3);
io3.connectWithSession({ ticket: false, auth: { any: 'thing' } }).session.refresh();
const code: string | undefined = session.reason?.code;
const state: 'pending' | 'active' | 'invalid' = session.state;
// @ts-expect-error there may be no reason
session.reason.code;
// @ts-expect-error the state is the server's to change
session.state = 'active';
// @ts-expect-error no such event
session.on('renewed', () => undefined);
// @ts-expect-error nor once
session.once('renewed', () => undefined);
// @ts-expect-error an option that socket.io 4 does not know
attach(io4).connectWithSession('/chat', { transport: [] });
// @ts-expect-error a plain socket has no session
io4('/chat').session;

export { code, state };
