'use strict';

// The page: what the library says of the session, the chat, and the buttons.

const TOLD = 1000;   // ms that a logout may take to reach the socket
const GLANCE = 1500; // ms between looks at what the socket sees

const { path, live } = document.body.dataset;
const connect = (namespace) => io.connectWithSession(namespace, { path });
let root = null;
let chat = null;

// ---- What the library says

// By code: what happened, and what that means.
const ENDINGS = {
  destroyed: ['The session has ended', 'A logout, here or in another tab, ended it. Every socket of it was told and closed.'],
  expired: ['The session has expired', 'It grew too old, or nobody used it for too long. Every socket of it was told and closed.'],
  unknown: ['The server does not know this session', 'It has ended, or a server kept it in memory that is gone.'],
  no_cookie: ['There is no session', 'The browser holds no session cookie, so the server refused the socket.'],
  superseded: ['The session has ended', 'Its user has logged in elsewhere, once too often.'],
  store_error: ['The session store does not answer', 'Nothing is wrong with the session itself.'],
  going_away: ['The server is going away', 'It saved the session before it said so.'],
};

function state(text, tone) {
  queueMicrotask(detail); // the script goes on to its next state when its listeners have heard of this one
  if ($('state').textContent === text) return; // a status that is written again is read out again
  $('state').textContent = text;
  $('state').dataset.tone = tone;
}

function detail() {
  const { state, reason } = root.session;
  $('session-state').textContent = 'session.state: ' + state + (reason ? ', ' + reason.code : '');
}

/** Says what became of the session and what the script does about it, and offers a way back. */
function ended(reason) {
  const returns = reason.reconnect;
  state(returns ? 'reconnecting' : 'session ended', returns ? 'wait' : 'bad');
  if (reason.code === 'renewed') return hideBanner(); // after a login: the script is back in a moment
  const [title, text] = ENDINGS[reason.code] || [reason.message, ''];
  $('banner').dataset.tone = returns ? 'wait' : 'bad';
  $('banner-title').textContent = title;
  $('banner-text').textContent = text + (returns
    ? ' The script tries again by itself, waiting longer each time.'
    : ' The script does not ask again: the answer would be the same.');
  $('banner-button').textContent = returns ? 'Try now' : 'Start a new session';
  $('banner-button').onclick = () => comeBack(returns);
  $('banner').hidden = false;
  if (!returns) $('banner').scrollIntoView({ block: 'nearest' }); // nothing works before its button is used
}

function hideBanner() {
  if ($('banner').contains(document.activeElement)) $('try').focus({ preventScroll: true });
  $('banner').hidden = true;
}

/** Connects again, with the session that was or with a new one. */
async function comeBack(sameSession) {
  if (!sameSession) await act('GET / starts a session', async () => (await request('GET', '/')).status);
  root.session.refresh();
}

/** Writes down when a socket gets in, when it is refused, and how it ends. */
function follow(socket, name) {
  let inside = false;
  socket.session.on('active', () => {
    inside = true;
    log(name + ' connected', '', 'good');
  });
  socket.session.on('invalid', ({ code, message, reconnect }) => {
    const what = !inside ? 'refused' : reconnect ? 'closed' : 'ended';
    const next = reconnect ? 'The script reconnects by itself.' : 'The script does not try again.';
    inside = false;
    logOf(name, what + ': ' + code, message.replace(/[^.!?]$/, '$&.') + ' ' + next, reconnect ? 'wait' : 'bad');
  });
  socket.on('disconnect', (why) => {
    if (!inside || socket.session.state === 'invalid') return; // told above
    inside = false;
    // The script closes and connects again where a new cookie, or a new answer, needs a new handshake.
    if (why === 'forced close') logOf(name, 'reconnecting', 'On purpose: a new handshake takes the cookie of now along.');
    else logOf(name, 'disconnected', why, 'wait');
  });
}

function followRoot() {
  follow(root, 'socket');
  root.session.on('active', () => {
    hideBanner();
    state('connected', 'good');
    showTransport();
    look();
  });
  root.session.on('invalid', (reason) => {
    ended(reason);
    look();
  });
  root.on('devices', lookDevices);
  root.on('disconnect', () => {
    $('transport').textContent = 'none';
    if (root.session.state !== 'invalid') state('reconnecting', 'wait');
  });
  root.on('connect_error', () => {
    detail();
    look(); // HTTP may have gone too
  });
  root.on('blob', (bytes) => log('event blob', hex(bytes)));
}

/** It begins with polling, and soon moves to a websocket. */
function showTransport() {
  const { engine } = root.io;
  $('transport').textContent = engine.transport.name;
  engine.once('upgrade', ({ name }) => { if (root.connected) $('transport').textContent = name; });
}

const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join(' ');

// ---- The chat

function join() {
  if (chat) return chat.connect(); // it was refused, or its session has ended
  chat = connect('/chat');
  follow(chat, '/chat');
  chat.on('said', (line) => log('/chat ' + line.user + ':', line.text));
  chat.session.on('active', () => joined(true));
  chat.on('disconnect', () => joined(false));
}

function joined(yes) {
  $('join').textContent = yes ? 'Joined' : 'Join';
  $('join').disabled = yes;
  $('say').disabled = !yes;
}

// ---- The buttons

const click = (id, does) => $(id) && $(id).addEventListener('click', does);

/** Handles a form's submit, by any of its buttons, with its fields. */
function submit(id, does) {
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    does(Object.fromEntries(new FormData(event.target)), event.submitter);
  });
}

async function pingOften() {
  const answers = await Promise.all(Array.from({ length: 25 }, () => ask(root, 'message', 'hi')));
  return answers.pop();
}

function put({ key, value }, button) {
  if (button && button.value === 'http') {
    act('POST /session ' + key + '=' + value, async () => (await request('POST', '/session', { key, value })).status);
  } else {
    act('emit("put", ' + show([key, value]).slice(1, -1) + ')', () => ask(root, 'put', key, value));
  }
}

/** The script returns by itself, in a second at most. This page cannot wait and goes on with the new cookie at once. */
async function login({ user }) {
  let done;
  const back = await heard('active', async () => {
    done = await act('POST /login user=' + user, async () => { await renew(() => request('POST', '/login', { user })); });
  });
  if (done && !back) root.session.refresh();
}

/** The server tells the socket of a logout. Where it has not, the socket finds out by asking. */
async function leave(url) {
  let done;
  const told = await heard('invalid', async () => {
    done = await act('POST ' + url, async () => { await request('POST', url); });
    if (done) await wait(TOLD);
  });
  if (done && !told) root.session.refresh();
}

/** Does something, and resolves with whether the socket's session has emitted the event meanwhile. */
async function heard(event, does) {
  let emitted = false;
  const hear = () => { emitted = true; };
  root.session.on(event, hear);
  await does();
  root.session.off(event, hear);
  return emitted;
}

function wire() {
  $('try').addEventListener('click', (event) => placeLast(event.target.closest('.things > li')), true);
  click('refresh', () => look());
  click('clear', () => $('log').replaceChildren());
  click('ping', () => act('socket.send("hi")', () => ask(root, 'message', 'hi')));
  click('pings', () => act('socket.send("hi") × 25', pingOften));
  click('blob', () => act('emit("blob", 16 bytes)', () => ask(root, 'blob', crypto.getRandomValues(new Uint8Array(16)).buffer)));
  click('slow', () => act('emit("slow", 2000)', () => ask(root, 'slow', 2000)));
  click('panic', () => act('emit("panic")', () => ask(root, 'panic')));
  click('join', join);
  submit('chat', ({ text }) => act('/chat emit("say", ' + JSON.stringify(text) + ')', () => ask(chat, 'say', text)));
  submit('put', put);
  submit('login', login);
  submit('logout', () => leave('/logout'));
  submit('everywhere', () => leave('/logout-everywhere'));
}

/** Looks at what the socket sees now and then, where looking does not keep an idle session alive. */
async function watch() {
  for (;;) {
    await wait(GLANCE);
    if (document.hidden || looking || !root.connected) continue;
    const before = show(seen.socket);
    await lookSocket();
    if (show(seen.socket) !== before) look();
  }
}

// ---- Start

function start() {
  if (typeof io === 'undefined' || !io.connectWithSession) {
    $('state').textContent = 'no client';
    $('state').dataset.tone = 'bad';
    const scripts = Array.from(document.scripts, (script) => script.src).filter(Boolean);
    log('A script did not load', scripts.join(' or '), 'bad');
    return;
  }
  root = connect('/');
  wire();
  followRoot();
  document.addEventListener('visibilitychange', () => document.hidden || look());
  if (live) watch();
}

start();
