const { io } = require('socket.io-client');
const attach = require('socketio-sessions-client');

const socket = attach(io).connectWithSession(process.env.SERVER, { transports: ['websocket'] });
socket.session.once('active', () => {
  socket.emit('echo', 'hello', (text) => {
    console.log(text, socket.session.state);
    socket.disconnect();
  });
});
