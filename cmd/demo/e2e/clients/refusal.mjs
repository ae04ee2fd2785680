import assert from 'node:assert/strict';

const RETURNS = ['store_error', 'renewed', 'busy', 'going_away'];

/** Checks the refusal object, which has one of these codes. */
export function isRefusal(why, ...codes) {
  assert.deepEqual(Object.keys(why).sort(), ['code', 'data', 'message', 'reconnect']);
  assert.ok(codes.includes(why.code), `${why.code}, want ${codes}`);
  assert.match(why.message, /\w/);
  assert.equal(why.reconnect, RETURNS.includes(why.code));
}
