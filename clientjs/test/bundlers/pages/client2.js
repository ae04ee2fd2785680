import io from 'socket.io-client-2.0';
import attach from 'socketio-sessions-client';

const socket = attach(io).connectWithSession(process.env.SERVER, { transports: ['websocket'] });
socket.session.once('active', () => {
  socket.emit('echo', 'hello', (text) => {
    console.log(text, socket.session.state);
    socket.disconnect();
  });
});
