// Waiting: for an event or a state, never for a time that is hoped to be long enough.

import assert from 'node:assert/strict';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What "within a second" may take when the tests share two cores with others. */
export const SECOND = 1000 + 200;

/** The promise, or an error when it takes longer than ms. */
export async function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again and again until the answer is the wanted one; it must be so within ms. */
export async function becomes(ms, asks, wanted) {
  const end = Date.now() + ms;
  for (;;) {
    const asked = Date.now();
    const answer = await asks();
    try {
      assert.deepEqual(answer, wanted);
      return answer;
    } catch (err) {
      if (asked >= end) {
        err.message = `not within ${ms} ms: ${err.message}`;
        throw err;
      }
    }
    await sleep(10);
  }
}
