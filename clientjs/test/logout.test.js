'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FINAL, RENEWED, open } = require('./fake');
const { LOGIN, LOGOUT, admit, handshakes, openTab, openTabs } = require('./tabs');

test('a logout', async (t) => {
  await t.test('is told once, without a word of the session', (t) => {
    const { browser, tabs: [tab] } = openTabs(t, 1);
    const [, chat] = openTab(browser, 4, '/', '/chat');
    tab.receive('sinvalid', FINAL);
    chat.receive('sinvalid', FINAL);
    chat.io.nsps['/'].receive('sinvalid', FINAL);
    assert.deepEqual(browser.messages, [LOGOUT, LOGOUT]);
  });

  await t.test('is what the server calls destroyed, nothing else', (t) => {
    const { browser, tabs: [tab] } = openTabs(t, 1);
    for (const code of ['unknown', 'no_cookie', 'expired', 'renewed', 'disconnected', 'going_away']) {
      tab.receive('sinvalid', { ...FINAL, code });
      tab.session.refresh();
      tab.io.accept();
    }
    assert.deepEqual(browser.messages, []);
  });

  await t.test('leaves an open tab to the server', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    one.receive('sinvalid', FINAL);
    browser.deliver();
    t.mock.timers.tick(999);
    assert.equal(two.session.state, 'active');
    two.receive('sinvalid', FINAL);
    t.mock.timers.tick(60000);
    assert.deepEqual(handshakes([one, two]), [1, 1]);
    assert.equal(two.session.reason, FINAL);
  });

  await t.test('makes an open tab ask that hears nothing', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    one.receive('sinvalid', FINAL);
    one.session.refresh(); // hears it again
    one.io.accept();
    one.emit('error', FINAL);
    browser.deliver();
    t.mock.timers.tick(1000);
    assert.equal(two.io.handshakes, 2);
    admit(two);
    t.mock.timers.tick(60000);
    assert.equal(two.io.handshakes, 2, 'once');
    assert.equal(two.session.state, 'active');
  });

  await t.test('is told again after the next login', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    for (const [first, second] of [[one, two], [two, one], [one, two]]) {
      first.receive('sinvalid', FINAL);
      browser.deliver();
      second.receive('sinvalid', FINAL);
      first.session.refresh();
      admit(first);
      browser.deliver();
      admit(second);
    }
    assert.deepEqual(browser.messages, [LOGOUT, LOGIN, LOGOUT, LOGIN, LOGOUT, LOGIN]);
  });

  await t.test('is no news to a connection that is younger', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    one.receive('sinvalid', FINAL);
    browser.deliver();
    two.session.refresh();
    admit(two);
    t.mock.timers.tick(60000);
    assert.equal(two.io.handshakes, 2);
  });

  await t.test('does not disturb the namespaces that outlive it', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1, 5);
    const [root, open5] = openTab(browser, 5, '/', '/open');
    one.receive('sinvalid', FINAL);
    browser.deliver();
    root.receive('sinvalid', FINAL);
    t.mock.timers.tick(60000);
    assert.equal(open5.session.state, 'active');
    assert.equal(open5.io.handshakes, 1);
  });

  await t.test('makes a tab ask at once that is not connected', async (t) => {
    const rows = [
      { name: 'reconnecting', lose: (tab) => tab.io.drop('transport close') },
      { name: 'waiting to retry', lose: (tab) => tab.receive('sinvalid', { ...RENEWED, code: 'busy' }) },
      { name: 'opening', lose: (tab) => tab.session.refresh() },
    ];
    for (const row of rows) {
      await t.test(row.name, (t) => {
        const { browser, tabs: [one, two] } = openTabs(t, 2);
        row.lose(two);
        const before = two.io.handshakes;
        one.receive('sinvalid', FINAL);
        browser.deliver();
        assert.equal(two.io.handshakes, before + 1);
        two.io.accept();
        two.emit('error', FINAL);
        assert.equal(two.session.state, 'invalid');
        browser.deliver();
        t.mock.timers.tick(60000);
        assert.deepEqual(handshakes([one, two]), [1, before + 1]);
        assert.deepEqual(browser.messages, [LOGOUT], 'it does not tell what it was told');
      });
    }
  });

  await t.test('is nothing to a tab that has stopped', (t) => {
    const { browser, tabs } = openTabs(t, 3);
    tabs[1].receive('sinvalid', { ...FINAL, code: 'too_many' });
    tabs[2].disconnect();
    tabs[0].receive('sinvalid', FINAL);
    browser.deliver();
    t.mock.timers.tick(60000);
    assert.deepEqual(handshakes(tabs), [1, 1, 1]);
  });
});
