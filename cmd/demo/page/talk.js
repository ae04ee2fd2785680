'use strict';

// Talking to the server, over a socket and over HTTP, and writing down what was said.

const LINES = 200;     // kept in a log
const ECHOES = 3;      // kept below the buttons
const PATIENCE = 5000; // ms to wait for an acknowledgement
const TOGETHER = 1000; // ms in which what happens to several sockets is one thing
const BREATH = 700;    // ms of quiet before what has arrived is read out
const READ_OUT = 3;    // lines at once

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

/** What one client has sent and heard, newest last. */
class Log {
  /** who is how the log is called where it is read out; '' where it is not. */
  constructor(list, who) {
    this.list = list;
    this.who = who;
    this.shared = null; // the last line of several sockets
    this.same = null;   // the last line that was heard
  }

  /** Writes a line. Its way is 'out', 'in', or '' for what became of the connection. Returns its text. */
  write(way, what, answer = '', tone = '') {
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const line = element('li', '', { 'data-way': way, title: new Date().toLocaleTimeString('en-GB') });
    if (tone) line.dataset.tone = tone;
    const text = element('span', what, { class: 'what' });
    line.append(text);
    if (answer) line.append(element('span', answer, { class: 'answer' }));
    list.append(line);
    while (list.children.length > LINES) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    this.same = null;
    if (this.who) tell(this.who + ': ' + (way === 'in' ? 'heard ' : '') + what + (answer ? ' ' + answer : ''), tone);
    return text;
  }

  /** Writes down what a socket was sent. What comes again and again is one line. */
  hear(what) {
    if (this.same && this.same.what === what && this.same.text.isConnected) {
      this.same.text.textContent = what + ' × ' + ++this.same.times;
      return;
    }
    const text = this.write('in', what);
    this.same = { what, text, times: 1 };
  }

  /** Writes a line about a socket. Sockets of which the same is true at the same time share it. */
  writeOf(name, what, answer = '', tone = '') {
    const now = performance.now();
    const { shared } = this;
    if (!shared || shared.what !== what || now - shared.at > TOGETHER || shared.names.includes(name) || !shared.text.isConnected) {
      this.shared = { what, at: now, names: [name], text: this.write('', name + ' ' + what, answer, tone) };
      return;
    }
    shared.names.push(name);
    shared.text.textContent = shared.names.sort().reverse().join(' and ') + ' ' + what;
  }
}

// What arrives is read out when a moment is quiet, and is shown below the buttons that were used last:
// on a small screen the logs are out of sight.
let untold = [];
let breath = 0;
let echoes = null;

function tell(text, tone) {
  untold.push(text);
  clearTimeout(breath);
  breath = setTimeout(() => {
    $('told').textContent = untold.slice(-READ_OUT).join('. ');
    untold = [];
  }, BREATH);
  if (!echoes) return;
  echoes.append(element('p', text, tone ? { 'data-tone': tone } : {}));
  while (echoes.children.length > ECHOES) echoes.firstChild.remove();
}

function placeEchoes(part) {
  if (!part) return;
  if (echoes) echoes.remove();
  echoes = element('div', '', { class: 'echoes', 'aria-hidden': 'true' });
  (part.querySelector('.code') || part.lastChild).before(echoes);
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
async function act(log, what, does) {
  const begun = performance.now();
  let done = false;
  try {
    const answer = await does();
    const took = Math.max(1, Math.round(performance.now() - begun)) + ' ms';
    log.write('out', what, answer === undefined ? took : show(answer) + ' · ' + took);
    done = true;
  } catch (err) {
    log.write('out', what, err.message, 'bad');
  }
  look();
  return done;
}
