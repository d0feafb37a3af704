import assert from 'node:assert';
import fs from 'node:fs';
import { idle, pass } from './clock.js';

// The other parts of the page are replaced.
const stub = (file, text) => fs.writeFileSync(new URL('./' + file, import.meta.url), text);
stub('login.js', 'export const handOver = () => false; export const newSession = () => parts.session;');
stub('panel.js', 'export const newPanel = () => parts.panel;');
stub('report.js', 'export const newReporter = c => { parts.reporter = c; return parts.report; };');
stub('connection.js', 'export const newConnection = c => { parts.connection = c; return { start() { parts.started = true; }, stop() {}, want() {} }; };');

const nothing = () => {};
const parts = globalThis.parts = {
  reads: 0,
  lists: 0,
  login: null, // what calls wait for
  wrong: '',
  session: { begin: async () => ({ id: 'user-a' }), api: async call => { await parts.login; return call(); } },
  cards: [], // what opens one
  shown: [],
  panel: new Proxy({}, { get: (_, name) => ({
    trouble: kind => { parts.wrong = kind; },
    told: is => { parts.cards.push(is.conversationId); },
    conversation: (id, is) => { parts.shown.push(is); },
    unreadable: id => { parts.cards.push(id); },
  })[name] ?? nothing }),
  report: Object.assign(() => {}, { flush: async () => {} }),
};
const platform = {
  ApiClient: { instance: { setReturnExtendedResponses: nothing, setEnvironment: nothing } },
  UsersApi: class {},
  NotificationsApi: class {},
  ConversationsApi: class {
    getConversation = async id => { parts.reads++; await parts.slow; return parts.answer ?? { status: 200, body: { id } }; };
    getConversations = async () => { parts.lists++; return { status: 200, body: { entities: [] } }; };
  },
};

const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

// open loads the page.
async function open(query, config = () => new Response('{"clientId": "dcm", "domain": "mypurecloud.de", "embedders": []}')) {
  set('self', globalThis);
  set('parent', {}); // the desktop
  set('location', { search: query });
  set('origin', 'https://dcm.example.com');
  set('isSecureContext', true);
  set('navigator', { languages: ['en'] });
  set('document', { readyState: 'complete' });
  set('require', () => platform);
  set('purecloud', { apps: { ClientApp: function () {
    this.lifecycle = { bootstrapped: nothing, stopped: nothing, addBootstrapListener: nothing, addFocusListener: nothing,
      addStopListener(stop) { parts.lifecycle = { stop }; } };
  } } });
  set('fetch', async () => config());
  await import('./main.js');
  await idle();
}

export const tests = {
  // While no events come the page looks each minute, also when they came before.
  async down() {
    await open('?gcConversationId=c-1');
    parts.connection.onState('up');
    await pass(120000);
    parts.connection.onState('down');
    const before = parts.reads;
    for (let i = 0; i < 20; i++) { // each try that fails says so
      await pass(30000);
      parts.connection.onState('down');
    }
    assert(parts.reads - before >= 9, 'in ten minutes it looks ' + (parts.reads - before) + ' times');
    assert(parts.reads - before <= 11);
  },

  async up() {
    await open('?gcConversationId=c-1');
    parts.connection.onState('up');
    await idle();
    const before = parts.reads;
    await pass(3600000);
    assert.equal(parts.reads - before, 6);
  },

  // The desktop has stopped the page; then its connection ends.
  async stopped() {
    await open('?gcConversationId=c-1');
    parts.connection.onState('up');
    await idle();
    await parts.lifecycle.stop();
    parts.connection.onState('down');
    const before = parts.reads;
    await pass(3600000);
    assert.equal(parts.reads, before);
  },

  // An agent who logs in again in the morning asks once, not once for each minute of the night.
  async night(query) {
    await open(query);
    parts.connection.onState('up');
    await idle();
    let login;
    parts.login = new Promise(done => { login = done; });
    const before = parts.reads + parts.lists;
    parts.connection.onState('down');
    await pass(8 * 3600000);
    login();
    parts.login = null;
    await idle();
    const asked = parts.reads + parts.lists - before;
    assert(asked >= 1 && asked <= 2, 'it asks ' + asked + ' times');
  },

  // What was read before the events came may be from before them, however late it arrives.
  async meanwhile() {
    await open('?gcConversationId=c-1');
    let arrive;
    parts.slow = new Promise(done => { arrive = done; });
    parts.connection.onState('deaf');
    await idle();
    parts.connection.onState('up');
    await idle();
    arrive();
    parts.slow = null;
    await idle();
    assert.equal(parts.reads, 2);
  },

  // What was read before an event may be from before it: the event stays on the panel.
  async olderThanAnEvent() {
    await open('?gcConversationId=c-1');
    let arrive;
    parts.slow = new Promise(done => { arrive = done; });
    parts.answer = { status: 200, body: { id: 'c-1', read: true } };
    parts.connection.onState('up');
    await idle();
    const event = { id: 'c-1', participants: [] };
    parts.connection.onEvent({ eventBody: event });
    arrive();
    await idle();
    assert.equal(parts.shown.at(-1), event);
  },

  // What is heard of a conversation that is over opens no card that nobody would close.
  async overIsOver() {
    await open('?');
    const event = endTime => ({ eventBody: { id: 'c-1', participants: [{ userId: 'user-a', endTime }] } });
    parts.connection.onEvent(event());
    let arrive;
    parts.slow = new Promise(done => { arrive = done; });
    parts.answer = { status: 403 };
    parts.connection.onState('up'); // a look
    await idle();
    parts.connection.onEvent(event('2026-01-10T10:00:00.000Z'));
    arrive();
    await idle();
    parts.reporter.told({ conversationId: 'c-1', takesPart: false });
    assert.deepEqual(parts.cards, []);
    const before = parts.reads;
    parts.slow = null;
    await pass(3600000);
    assert.equal(parts.reads, before, 'it is not followed any more');
  },

  // One widget whose address is wrong does not share its trouble with the others.
  async noID(id) {
    await open('?gcConversationId=' + encodeURIComponent(id));
    assert.equal(parts.wrong, 'misunderstood');
    assert(!parts.started);
  },
  async anID(id) {
    await open('?gcConversationId=' + id);
    assert.equal(parts.wrong, '');
    assert(parts.started);
  },

  // What stands before a host that is not there yet may answer with a page.
  async settings() {
    let there = false;
    await open('?gcConversationId=c-1', () => new Response(there ? '{"clientId": "dcm", "domain": "mypurecloud.de", "embedders": []}' : '<!doctype html>'));
    await pass(60000);
    assert.equal(parts.wrong, '');
    there = true;
    await pass(60000);
    assert(parts.started);
  },
};
