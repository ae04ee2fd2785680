import { io } from 'socket.io-client';
import attach from 'socketio-sessions-client';

await fetch('/visit', { method: 'POST' }); // begins the session, which the socket will find
const socket = attach(io).connectWithSession();
socket.on('connect', () => {
  socket.emit('visits', (n) => { document.querySelector('output').value = n + ' visits'; });
});
