'use strict';

// The page: what the library says of the session, what is offered then, and the buttons.

const TOLD = 1000; // ms that a logout may take to reach the sockets

const http = new Log($('log-http'), 'HTTP');
const clients = {};  // a, whose state the page shows as its own, and b
let over = false;    // the session has ended, and the script does not ask again

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
  const { state, reason } = clients.a.session;
  $('session-detail').textContent = state + (reason ? ', ' + reason.code : '');
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
  offer(!returns, returns);
  if (!returns) $('banner').scrollIntoView({ block: 'nearest' }); // little works before its button is used
}

function hideBanner() {
  if ($('banner').contains(document.activeElement)) focusPlace();
  $('banner').hidden = true;
}

/** Connects again, with the session that was or with a new one. */
async function comeBack(sameSession) {
  if (!sameSession) await act(http, 'GET / starts a session', async () => (await request('GET', '/')).status);
  for (const client of Object.values(clients)) client.session.refresh();
}

/** Offers what makes sense: nothing of a session that has ended, nothing of sockets while the server is away. */
function offer(ended, away) {
  over = ended;
  const why = ended ? 'The session has ended. Start a new one, or log in again, and this works again.'
    : away ? 'The clients are reconnecting. Until then this waits.' : '';
  for (const node of document.querySelectorAll('.why')) {
    node.textContent = why;
    node.hidden = !why;
  }
  const focused = document.activeElement;
  for (const button of document.querySelectorAll('[data-needs]')) {
    button.disabled = ended || (away && button.dataset.needs === 'socket');
    button.title = button.disabled ? why : '';
  }
  drawChat();
  if (ended && focused.disabled) $('banner-button').focus();
}

/** The page's state is that of client A. */
function followState({ socket, session }) {
  session.on('active', () => {
    hideBanner();
    offer(false, false);
    state('connected', 'good');
  });
  session.on('invalid', ended);
  socket.on('disconnect', () => {
    if (session.state !== 'invalid') state('reconnecting', 'wait');
  });
  socket.on('connect_error', () => {
    detail();
    look(); // HTTP may have gone too
  });
  socket.on('devices', lookDevices);
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
  const { a, b } = clients;
  const turns = Array.from({ length: 25 }, (_, i) => ask((i % 2 ? b : a).socket, 'message', 'hi'));
  return (await Promise.all(turns)).pop();
}

function put({ key, value }, button) {
  const by = button ? button.value : 'socket';
  if (by === 'http') {
    act(http, 'POST /session ' + key + '=' + value, async () => (await request('POST', '/session', { key, value })).status);
  } else {
    (by === 'socket-b' ? clients.b : clients.a).put(key, value);
  }
}

/** The script returns by itself, in a second at most. This page cannot wait and goes on with the new cookie at once. */
async function login({ user }) {
  let done;
  const missing = await without('active', async () => {
    done = await act(http, 'POST /login user=' + user, async () => { await renew(() => request('POST', '/login', { user })); });
  });
  if (done) missing.forEach((client) => client.session.refresh());
}

/** The server tells the sockets of a logout. Where it has not, a socket finds out by asking. */
async function leave(url) {
  let done;
  const deaf = await without('invalid', async () => {
    done = await act(http, 'POST ' + url, async () => { await request('POST', url); });
    if (done) await wait(TOLD);
  });
  if (done) deaf.forEach((client) => client.session.refresh());
}

/** Does something, and resolves with the clients whose session has not emitted the event meanwhile. */
async function without(event, does) {
  const rest = new Set(Object.values(clients));
  const ears = Array.from(rest, (client) => {
    const hear = () => rest.delete(client);
    client.session.on(event, hear);
    return () => client.session.off(event, hear);
  });
  await does();
  ears.forEach((close) => close());
  return rest;
}

function wire() {
  const { a, b } = clients;
  $('main').addEventListener('click', (event) => {
    if (event.target.closest('button')) placeEchoes(event.target.closest('.card, .hero > div'));
  }, true);
  click('refresh', () => look());
  click('clear', () => document.querySelectorAll('.stage .log').forEach((list) => list.replaceChildren()));
  click('first', () => a.ping());
  click('ping', () => a.ping());
  click('ping-b', () => b.ping());
  click('pings', () => act(a.log, 'send("hi") × 25, by both', pingOften));
  click('blob', () => a.emit('blob', crypto.getRandomValues(new Uint8Array(16)).buffer));
  click('slow', () => a.emit('slow', 2000));
  click('panic', () => a.emit('panic'));
  submit('put', put);
  submit('login', login);
  submit('logout', () => leave('/logout'));
  submit('everywhere', () => leave('/logout-everywhere'));
  for (const button of document.querySelectorAll('.login-now')) button.addEventListener('click', () => login({ user: 'alice' }));
}

// ---- Start

function start() {
  startPlaces();
  if (typeof io === 'undefined' || !io.connectWithSession) {
    $('state').textContent = 'no client';
    $('state').dataset.tone = 'bad';
    const scripts = Array.from(document.scripts, (script) => script.src).filter(Boolean);
    http.write('', 'A script did not load', scripts.join(' or '), 'bad');
    for (const button of document.querySelectorAll('[data-needs], #join')) button.disabled = true;
    return;
  }
  clients.a = new Client('A', false);
  clients.b = new Client('B', true);
  followState(clients.a);
  startChat();
  wire();
  document.addEventListener('visibilitychange', () => document.hidden || look());
}

start();
