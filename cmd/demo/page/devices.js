'use strict';

// The list of the user's sessions, here and elsewhere.

let devices = [];
let owner;     // whose they are
let asked = 0; // how often for them: only the last answer counts

/** Shows the devices of another user, or none. */
function followUser(user) {
  if (user === owner) return;
  owner = user;
  lookDevices();
}

/** Fetches the list and draws it; it is empty where nobody is logged in. */
async function lookDevices() {
  const turn = ++asked;
  let found = devices;
  if (renewing) await renewing.catch(() => {});
  try {
    found = owner ? await (await request('GET', '/devices')).json() : [];
  } catch (err) {
    if (err.status === 401) found = [];
  }
  if (turn !== asked) return;
  devices = found;
  drawDevices();
}

function drawDevices() {
  const focused = document.activeElement && document.activeElement.dataset.device;
  $('devices').replaceChildren(...devices.map(deviceItem));
  $('nowhere').hidden = devices.length > 0;
  $('everywhere').hidden = !devices.length;
  if (focused === undefined) return;
  const button = document.querySelector('[data-device="' + CSS.escape(focused) + '"]');
  if (button) button.focus({ preventScroll: true });
  else focusPlace();
}

function deviceItem(device) {
  const item = element('li', '');
  const name = device.this ? 'This browser' : 'Another browser, ' + device.id.slice(0, 6);
  const since = new Date(device.made);
  const when = element('time', 'since ' + since.toLocaleTimeString('en-GB'), { datetime: since.toISOString() });
  const button = element('button', 'Log out', { type: 'button', 'aria-label': 'Log out ' + name, 'data-device': device.id });
  button.addEventListener('click', () => logoutDevice(device));
  item.append(element('b', name), when, button);
  return item;
}

async function logoutDevice(device) {
  const url = '/devices/' + device.id + '/logout';
  if (device.this) return leave(url);
  await act(http, 'POST ' + url, async () => { await request('POST', url); });
  lookDevices();
}
