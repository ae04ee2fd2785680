import attach from 'socketio-sessions-client';

console.log('nothing of it is used');
