'use strict';

// The places of the page, one in sight at a time, and what the commands for a second server need.

const places = Array.from(document.querySelectorAll('.place'));

/** Shows the place that the address names, the first where it names none. */
function goTo(moved) {
  const now = places.find((place) => '#' + place.id === location.hash) || places[0];
  for (const place of places) place.hidden = place !== now;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === '#' + now.id) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const list of now.querySelectorAll('.log')) list.scrollTop = list.scrollHeight; // what came while it was out of sight
  if (!moved) return;
  scrollTo(0, 0);
  now.querySelector('h1').focus({ preventScroll: true });
}

/** Moves the focus to where the page begins, when what had it has gone. */
function focusPlace() {
  places.find((place) => !place.hidden).querySelector('h1').focus({ preventScroll: true });
}

/** The commands name the address that this page has, and a port beside it. */
function nameServers() {
  const port = Number(location.port || 80);
  const next = new URL('/', location);
  next.port = port < 65535 ? port + 1 : port - 1;
  for (const node of document.querySelectorAll('[data-server=this]')) node.textContent = location.host;
  for (const node of document.querySelectorAll('[data-server=next]')) node.textContent = next.host;
  $('next-link').href = $('next-link').textContent = next.href;
}

async function copy(button) {
  const node = $(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(node.textContent);
    tell('Copied');
    button.firstChild.textContent = 'Copied';
  } catch (err) {
    getSelection().selectAllChildren(node); // the browser allows no more
    tell('Selected: copy it with the keyboard');
    button.firstChild.textContent = 'Selected';
  }
  await wait(2000);
  button.firstChild.textContent = 'Copy';
}

function startPlaces() {
  addEventListener('hashchange', () => goTo(true));
  goTo(false);
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault(); // the place stays
    $('main').focus();
  });
  nameServers();
  for (const button of document.querySelectorAll('.copy')) button.addEventListener('click', () => copy(button));
}
