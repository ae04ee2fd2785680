'use strict';

// The session's values, as each client and HTTP see them.

const SIDES = { a: 'rows-a', b: 'rows-b', http: 'rows' };

const seen = { a: null, b: null, http: null };  // null where there is no answer
const drawn = { a: null, b: null, http: null }; // what the page shows
const ahead = {};                               // by key, the side that changed last
let none = false;                               // HTTP has answered that there is no session
let looking = null;
let again = false;
let renewing = null;                            // a request under way that replaces the cookie

/** Reads the session from all sides and draws it; while they differ it looks again, a few times. */
async function look(tries = 4) {
  again = !!looking;
  if (looking) return;
  looking = Promise.all([lookHTTP(), lookSocket('a', clients.a), lookSocket('b', clients.b)]);
  await looking;
  looking = null;
  draw();
  if (again) return look();
  if (tries && keys().some(differs)) {
    await wait(400);
    look(tries - 1);
  }
}

/** Replaces the cookie while nobody looks by HTTP: a request with the cookie of before would find no session. */
async function renew(does) {
  while (looking) await looking;
  renewing = does();
  try {
    return await renewing;
  } finally {
    renewing = null;
  }
}

async function lookHTTP() {
  if (renewing) await renewing.catch(() => {});
  try {
    const session = await (await request('GET', '/session')).json();
    seen.http = session.values;
    none = false;
    $('id').textContent = session.id.slice(0, 12);
    $('id').title = session.id;
  } catch (err) {
    seen.http = null;
    none = err.status === 401;
    $('id').textContent = none ? 'none' : 'not known';
    $('id').title = '';
  }
}

async function lookSocket(side, client) {
  seen[side] = await ask(client.socket, 'values').catch(() => null);
}

const answering = () => Object.keys(SIDES).filter((side) => seen[side]);
const keys = () => Object.keys({ ...seen.a, ...seen.b, ...seen.http }).sort();
const valueOf = (values, key) => show(values && Object.hasOwn(values, key) ? values[key] : undefined);
const differs = (key) => new Set(answering().map((side) => valueOf(seen[side], key))).size > 1;
const changed = (side, key) => !!drawn[side] && valueOf(seen[side], key) !== valueOf(drawn[side], key);

function draw() {
  const focused = document.activeElement && document.activeElement.dataset.key;
  const all = keys();
  for (const side in SIDES) {
    for (const key of all) if (changed(side, key)) ahead[key] = side;
  }
  for (const side in SIDES) drawRows(side, all);
  if (focused !== undefined && !all.includes(focused)) $('refresh').focus();

  const known = answering().length > 0;
  $('empty').hidden = all.length > 0;
  $('empty').textContent = known ? 'It is empty.'
    : none ? 'There is no session.' : 'Not known: neither a socket nor HTTP answers.';
  for (const side in clients) {
    const nothing = clients[side].find('nothing');
    nothing.hidden = all.length > 0;
    nothing.textContent = seen[side] ? 'It is empty.' : 'Its socket is closed.';
  }
  const user = answering().map((side) => valueOf(seen[side], 'user')).find(Boolean);
  $('user').textContent = user || (known || none ? 'nobody' : 'not known');
  document.body.dataset.guest = user ? '' : 'yes';
  $('logout').hidden = none;
  $('logout-card').hidden = none;
  followUser(valueOf(seen.http, 'user'));
  Object.assign(drawn, seen);
}

/** Brings a table up to date. A row stays the same element, or a click on it would miss. */
function drawRows(side, all) {
  const body = $(SIDES[side]);
  for (const tr of Array.from(body.rows)) if (!all.includes(tr.dataset.of)) tr.remove();
  all.forEach((key, i) => {
    let tr = body.rows[i];
    if (!tr || tr.dataset.of !== key) tr = body.insertBefore(row(side, key), tr || null);
    drawCell(tr.cells[1], side, key);
  });
}

function row(side, key) {
  const tr = element('tr', '', { 'data-of': key });
  const td = element('td', '');
  td.addEventListener('animationend', () => td.classList.remove('fresh'));
  tr.append(element('th', key, { scope: 'row' }), td);
  if (side !== 'http') return tr;
  const remove = element('button', '×', { type: 'button', class: 'quiet', 'aria-label': 'Remove ' + key, 'data-key': key });
  remove.addEventListener('click', () => {
    act(http, 'DELETE /session?key=' + key, async () => (await request('DELETE', '/session?key=' + encodeURIComponent(key))).status);
  });
  const end = element('td', '');
  end.append(remove);
  tr.append(end);
  return tr;
}

function drawCell(td, side, key) {
  const value = valueOf(seen[side], key);
  const known = seen[side] || (side === 'http' && none);
  td.textContent = value === undefined ? (known ? 'nothing' : 'no answer') : value;
  td.classList.toggle('absent', value === undefined);
  td.classList.toggle('behind', !!seen[side] && differs(key) && ahead[key] !== side);
  if (!changed(side, key)) return;
  td.classList.remove('fresh');
  void td.offsetWidth; // so that it glows anew
  td.classList.add('fresh');
}
