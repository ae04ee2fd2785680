'use strict';

// Talking to the server, over the socket and over HTTP, and writing down what was said.

const LINES = 200;     // kept in the log
const PATIENCE = 5000; // ms to wait for an acknowledgement

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

function log(what, answer = '', tone = '') {
  const list = $('log');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const line = element('li', '', tone ? { 'data-tone': tone } : {});
  const now = new Date();
  line.append(
    element('time', now.toLocaleTimeString('en-GB'), { datetime: now.toISOString() }),
    element('span', what, { class: 'what' }));
  if (answer) line.append(element('span', answer, { class: 'answer' }));
  list.append(line);
  while (list.children.length > LINES) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
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

/** Does what a button says, writes it down, and looks at the session again. */
async function act(what, does) {
  const begun = performance.now();
  try {
    const answer = await does();
    const took = Math.max(1, Math.round(performance.now() - begun)) + ' ms';
    log(what, answer === undefined ? took : show(answer) + ' · ' + took);
  } catch (err) {
    log(what, err.message, 'bad');
  }
  look();
}
