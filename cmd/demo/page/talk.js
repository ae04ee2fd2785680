'use strict';

// Talking to the server, over the socket and over HTTP, and writing down what was said.

const LINES = 200;     // kept in the log
const PATIENCE = 5000; // ms to wait for an acknowledgement
const TOGETHER = 1000; // ms in which what happens to several sockets is one thing

const $ = (id) => document.getElementById(id);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const show = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Makes an element. What others wrote gets into the page only as its text. */
function element(name, text, attributes = {}) {
  const node = document.createElement(name);
  node.textContent = text;
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  return node;
}

/** Writes a line into the log, and on a small screen below the buttons that were used last. Returns its text. */
function log(what, answer = '', tone = '') {
  const list = $('log');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const line = element('li', '', tone ? { 'data-tone': tone } : {});
  const now = new Date();
  const text = element('span', what, { class: 'what' });
  line.append(element('time', now.toLocaleTimeString('en-GB'), { datetime: now.toISOString() }), text);
  if (answer) line.append(element('span', answer, { class: 'answer' }));
  list.append(line);
  while (list.children.length > LINES) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
  writeLast(answer ? what + ' · ' + answer : what, tone);
  return text;
}

let shared = {}; // the last line of logOf

/** Writes a line about a socket. Sockets of which the same is true at the same time share it. */
function logOf(name, what, answer = '', tone = '') {
  const now = performance.now();
  if (shared.what !== what || now - shared.at > TOGETHER || shared.names.includes(name) || !shared.text.isConnected) {
    shared = { what, at: now, names: [name], text: log(name + ' ' + what, answer, tone) };
    return;
  }
  shared.names.push(name);
  shared.text.textContent = shared.names.sort().reverse().join(' and ') + ' ' + what;
}

// Where the log is out of sight, the part of the page that was used last shows its last line.
let last = null;

function placeLast(part) {
  if (!part) return;
  last = part.querySelector('.last') || element('p', '', { class: 'last', 'aria-hidden': 'true' });
  if (!last.isConnected) part.append(last);
}

function writeLast(text, tone) {
  if (!last) return;
  last.textContent = text;
  last.dataset.tone = tone;
}

/** Emits an event and resolves with its acknowledgement; rejects where that is a failure, or none comes. */
function ask(socket, event, ...args) {
  return new Promise((resolve, reject) => {
    if (!socket || !socket.connected) return reject(new Error('not connected'));
    const timer = setTimeout(() => finish(reject, new Error('no answer')), PATIENCE);
    const gone = () => finish(reject, new Error('disconnected'));
    function finish(settle, value) {
      clearTimeout(timer);
      socket.off('disconnect', gone);
      settle(value);
    }
    socket.on('disconnect', gone);
    socket.emit(event, ...args, (answer) => {
      const error = answer && answer.error;
      if (error && error.code) finish(reject, new Error(error.code + ': ' + error.message));
      else finish(resolve, answer);
    });
  });
}

/** Fetches; rejects where the answer is no success. A redirect is one, and is not followed. */
async function request(method, url, fields) {
  const body = fields && new URLSearchParams(fields);
  const answer = await fetch(url, { method, body, redirect: 'manual', cache: 'no-store' });
  if (answer.ok || answer.type === 'opaqueredirect') return answer;
  throw Object.assign(new Error(answer.status + ' ' + (await answer.text()).trim()), { status: answer.status });
}

/** Does what a button says, writes it down, and looks at the session again. Resolves with whether it succeeded. */
async function act(what, does) {
  const begun = performance.now();
  let done = false;
  try {
    const answer = await does();
    const took = Math.max(1, Math.round(performance.now() - begun)) + ' ms';
    log(what, answer === undefined ? took : show(answer) + ' · ' + took);
    done = true;
  } catch (err) {
    log(what, err.message, 'bad');
  }
  look();
  return done;
}
