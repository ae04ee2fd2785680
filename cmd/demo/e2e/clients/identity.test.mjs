// Whose a connection to the demo is. The mirror is asked for the rest: hostile-identity.test.mjs.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { Raw, request } from './hostile.mjs';

describe('identity at the demo', { concurrency: true }, () => {
  let demo;
  before(async () => { demo = await Demo.start(); });
  after(() => demo?.stop());

  for (const version of [3, 4]) {
    const connect = async (t) => Raw.connect(demo.url, version, { cookie: (await demo.visit(t)).cookie });
    const asks = async (raw, n) => {
      await raw.post(`42${n}["whoami"]`);
      const answer = await raw.until(new RegExp(`^43${n}\\[`));
      return JSON.parse(answer.slice(`43${n}`.length))[0].id;
    };

    it(`another cookie, or none, gets 403, and the owner goes on, Engine.IO ${version}`, async (t) => {
      const raw = await connect(t);
      const id = await asks(raw, 1);
      for (const headers of [{ cookie: (await demo.visit(t)).cookie }, { cookie: 'session=x' }, {}]) {
        const answers = await Promise.all([raw.poll(headers), raw.post('42["put","k","hostile"]', headers), raw.upgrade(headers)]);
        assert.deepEqual(answers.map(({ status }) => status), [403, 403, 403]);
      }
      assert.equal(await asks(raw, 2), id);
      await raw.post('423["get","k"]');
      assert.equal(await raw.until(/^433/), '433[null]');
    });

    it(`JSONP and unknown ids get 400, Engine.IO ${version}`, async (t) => {
      const raw = await connect(t);
      for (const more of ['&j=0', '&j=']) {
        assert.equal((await request(raw.address('polling', more), { headers: raw.headers })).status, 400);
      }
      const other = Object.assign(new Raw(raw.url, version, raw.headers), { sid: 'A'.repeat(raw.sid.length) });
      const answers = await Promise.all([other.poll(), other.post('42["put","k","hostile"]'), other.upgrade()]);
      assert.deepEqual(answers.map(({ status }) => status), [400, 400, 400]);
      await asks(raw, 1);
    });
  }
});
