'use strict';

// What a bundle finds in a browser.
globalThis.self = globalThis;
globalThis.WebSocket = require('ws');
