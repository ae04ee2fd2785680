'use strict';

// The table of the session's values, as the socket and as HTTP see them.

const SIDES = ['socket', 'http'];

const seen = { socket: null, http: null };  // null where there is no answer
const drawn = { socket: null, http: null }; // what the table shows
const ahead = {};                           // by key, the side that changed last
let none = false;                           // HTTP has answered that there is no session
let looking = null;
let again = false;
let renewing = null;                        // a request under way that replaces the cookie

/** Reads the session both ways and draws it; while they differ it looks again, a few times. */
async function look(tries = 4) {
  again = !!looking;
  if (looking) return;
  looking = Promise.all([lookHTTP(), lookSocket()]);
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

async function lookSocket() {
  seen.socket = await ask(root, 'values').catch(() => null);
}

const keys = () => Object.keys({ ...seen.socket, ...seen.http }).sort();
const valueOf = (values, key) => show(values && Object.hasOwn(values, key) ? values[key] : undefined);
const differs = (key) => !!seen.socket && !!seen.http && valueOf(seen.socket, key) !== valueOf(seen.http, key);
const changed = (side, key) => !!drawn[side] && valueOf(seen[side], key) !== valueOf(drawn[side], key);

function draw() {
  const focused = document.activeElement && document.activeElement.dataset.key;
  const all = keys();
  for (const key of all) {
    for (const side of SIDES) if (changed(side, key)) ahead[key] = side;
  }
  $('rows').replaceChildren(...all.map(row));
  if (focused !== undefined) (document.querySelector('[data-key="' + CSS.escape(focused) + '"]') || $('refresh')).focus();

  const { socket, http } = seen;
  $('empty').hidden = all.length > 0;
  $('empty').textContent = socket || http ? 'It is empty.'
    : none ? 'There is no session.' : 'Not known: neither the socket nor HTTP answers.';
  $('user').textContent = valueOf(http || socket, 'user') || (socket || http || none ? 'nobody' : 'not known');
  $('logout').hidden = none;
  followUser(valueOf(http, 'user'));
  Object.assign(drawn, seen);
}

function row(key) {
  const tr = element('tr', '', { role: 'row' });
  const remove = element('button', '×', { type: 'button', class: 'quiet', 'aria-label': 'Remove ' + key, 'data-key': key });
  remove.addEventListener('click', () => {
    act('DELETE /session?key=' + key, async () => (await request('DELETE', '/session?key=' + encodeURIComponent(key))).status);
  });
  const end = element('td', '', { role: 'cell' });
  end.append(remove);
  tr.append(element('th', key, { scope: 'row', role: 'rowheader' }), ...SIDES.map((side) => cell(side, key)), end);
  return tr;
}

function cell(side, key) {
  const value = valueOf(seen[side], key);
  const known = seen[side] || (side === 'http' && none);
  const td = element('td', value === undefined ? (known ? 'nothing' : 'no answer') : value, { role: 'cell' });
  td.classList.toggle('absent', value === undefined);
  td.classList.toggle('behind', differs(key) && ahead[key] !== side);
  td.classList.toggle('fresh', changed(side, key));
  return td;
}
