import { createRequire } from 'node:module';

export const byImport = import.meta.resolve('socketio-sessions-client');
export const byRequire = createRequire(import.meta.url).resolve('socketio-sessions-client');
