// What a test finds wrong with what is in sight: of the page's own, as axe would.

const isSeen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.unseen, .skip') && e.getClientRects().length > 0;

/** What assistive technology calls an element. */
function nameOf(e) {
  const by = (e.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean).map((id) => document.getElementById(id).textContent);
  const labels = Array.from(e.labels || [], (label) => label.textContent);
  return [e.getAttribute('aria-label'), ...by, ...labels, e.matches('input') ? '' : e.textContent].filter(Boolean).join(' ').trim();
}

const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

/** The colours on one another, as the browser draws them. */
function drawnOn(colours) {
  for (const colour of colours) {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
  }
  return Array.from(canvas.getImageData(0, 0, 1, 1).data).slice(0, 3);
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrastOf(e) {
  const backs = [];
  for (let up = e; up; up = up.parentElement) backs.unshift(getComputedStyle(up).backgroundColor);
  const back = luminance(drawnOn(backs));
  const text = luminance(drawnOn([...backs, getComputedStyle(e).color]));
  return (Math.max(back, text) + 0.05) / (Math.min(back, text) + 0.05);
}

/** Whether text is large enough for less contrast: 24 px, or 18.66 px and bold. */
function isLarge({ fontSize, fontWeight }) {
  return parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
}

function faultsOf(width) {
  const faults = [];
  const all = Array.from(document.querySelectorAll('body *')).filter(isSeen);
  const say = (e, what) => faults.push(e.outerHTML.slice(0, 120).replace(/\s+/g, ' ') + ': ' + what);
  if (document.documentElement.scrollWidth > width) faults.push('the page is ' + document.documentElement.scrollWidth + ' px wide');

  let level = 0;
  for (const heading of all.filter((e) => e.matches('h1, h2, h3, h4, h5, h6'))) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1 || (level > 0 && next === 1)) say(heading, 'comes after h' + level);
    level = next;
  }
  if (!level) faults.push('no heading');

  for (const e of all) {
    if (e.matches('button, a, input, [role], nav, section, [tabindex="0"]') && !e.matches('[role=alert], [role=status]') && !nameOf(e)) say(e, 'has no name');
    if (e.matches('button, input, .button, nav a') && e.getBoundingClientRect().height < 24) say(e, 'is ' + e.getBoundingClientRect().height + ' px high');
    const box = e.getBoundingClientRect();
    if (box.width > 0 && (box.left < -1 || box.right > width + 1)) say(e, 'reaches from ' + box.left + ' to ' + box.right);
    const hasText = Array.from(e.childNodes).some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const least = isLarge(getComputedStyle(e)) ? 3 : 4.5;
    if ((hasText || e.matches('input')) && !e.disabled && contrastOf(e) < least) say(e, 'has a contrast of ' + contrastOf(e).toFixed(2));
  }
  const ids = Array.from(document.querySelectorAll('[id]'), (e) => e.id);
  for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) faults.push('the id ' + id + ' is there twice');
  for (const e of document.querySelectorAll('[aria-labelledby]')) {
    for (const id of e.getAttribute('aria-labelledby').split(' ')) if (!document.getElementById(id)) say(e, 'is labelled by nobody');
  }
  return faults;
}
