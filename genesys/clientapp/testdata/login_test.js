import assert from 'node:assert';
import { idle, pass } from './clock.js';

const dcm = 'https://dcm.example.com';
const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
let hearers = [];
set('location', { origin: dcm, pathname: '/genesys/app/', search: '' });
set('addEventListener', (_, hear) => { hearers.push(hear); });
set('removeEventListener', (_, hear) => { hearers = hearers.filter(h => h !== hear); });
const { newSession } = await import('./login.js');

// genesys is the login page, as frames and windows see it, and whose login it is.
const genesys = { frames: 0, up: true, codes: 0, asked: 0, me: () => ({ status: 200, body: { id: 'user-a' } }) };
const answers = (source, address, what = 'code=c') => {
  const login = '?' + what + '&state=' + new URL(address).searchParams.get('state');
  for (const hear of hearers) hear({ origin: dcm, source, data: { login } });
};
set('document', {
  createElement: () => ({ contentWindow: {}, remove() {} }),
  body: { append(frame) {
    genesys.frames++;
    setTimeout(() => genesys.up ? answers(frame.contentWindow, frame.src) : frame.onload(), 100); // it shows that it is down, or itself
  } },
});

// panel is what the agent sees.
const panel = { asks: [], wrong: undefined, press: null, connection() {},
  trouble: kind => { panel.wrong = kind; },
  ask: (why, act) => new Promise(done => {
    panel.asks.push(why);
    panel.press = () => done(act());
  }),
};
const session = newSession({ login: 'https://login.mypurecloud.de', clientId: 'dcm' }, {
  generatePKCECodeVerifier: () => 'v', computePKCECodeChallenge: async () => 'x',
  authorizePKCEGrant: async () => ({ accessToken: 'token-' + ++genesys.codes }),
}, panel, { getUsersMe: async () => { genesys.asked++; return genesys.me(); } });

const ends = promise => {
  const is = { ended: false };
  promise.then(value => { Object.assign(is, { ended: true, value }); }, e => { is.error = e; });
  return is;
};

export const tests = {
  // A laptop wakes up before its network: nobody has to press a button for that.
  async passing() {
    genesys.up = false;
    const lost = [];
    session.onLost(is => lost.push(is));
    const login = ends(session.begin());
    await pass(60000);
    assert.deepEqual(panel.asks, ['login']);
    assert(!login.ended);
    genesys.up = true;
    await pass(120000);
    assert(login.ended);
    assert.equal(panel.wrong, '');
    assert.deepEqual(lost, [true, false]);
    assert.equal(genesys.codes, 1);
  },

  async window() {
    genesys.up = false;
    const login = ends(session.begin());
    await pass(10000);
    const opened = {};
    let address;
    globalThis.open = to => { address = to; return opened; };
    panel.press();
    await idle();
    answers(opened, address);
    await idle();
    assert(login.ended);
    const frames = genesys.frames;
    genesys.up = true;
    await pass(12 * 3600000);
    assert.equal(genesys.frames, frames, 'who is logged in does not log in again');
  },

  // While the agent logs in within a window nothing else does, until he has closed it.
  async openWindow() {
    genesys.up = false;
    const login = ends(session.begin());
    await pass(10000);
    const opened = { closed: false };
    globalThis.open = () => opened;
    panel.press();
    await idle();
    const frames = genesys.frames;
    genesys.up = true;
    await pass(3600000);
    assert.equal(genesys.frames, frames);
    assert(!login.ended);
    opened.closed = true;
    await pass(601000);
    assert(login.ended);
    assert.equal(genesys.codes, 1);
  },

  // A window fails when the agent is logged in already: that is nobody's trouble. It can
  // be another agent's login, too, by then.
  async windowTooLate(how) {
    genesys.up = false;
    const login = ends(session.begin());
    await pass(35150); // the next login in a frame has begun
    assert.equal(genesys.frames, 2);
    const opened = { closed: false };
    let address;
    globalThis.open = to => { address = to; return opened; };
    genesys.up = true;
    panel.press();
    await pass(1000);
    assert(login.ended);
    answers(opened, address, how);
    await pass(60000);
    assert.deepEqual(panel.asks, ['login', 'waiting']);
    assert.equal(panel.wrong, '');
    assert.equal(genesys.codes, 1);
  },

  // A page that is left open over night asks for a login now and then.
  async night() {
    genesys.up = false;
    ends(session.begin());
    await pass(12 * 3600000);
    assert(genesys.frames < 100, genesys.frames + ' frames');
    assert.deepEqual(panel.asks, ['login']);
  },

  // A connection that is dead, and says nothing of it, holds nothing up.
  async deadConnection() {
    globalThis.fetch = (_, { signal }) => new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    for (const init of [{ method: 'POST' }, { signal: new AbortController().signal }]) {
      const call = ends(session.host('updates', init));
      await pass(60000);
      assert(call.error);
    }
    const given = new AbortController();
    const call = ends(session.host('case', { signal: given.signal }));
    await idle();
    given.abort();
    await idle();
    assert(call.error);
    const over = ends(session.host('case', { signal: given.signal }));
    await idle();
    assert(over.error);
  },
  // A request that outlives its page takes the token with it at once.
  async last() {
    const login = ends(session.begin());
    await pass(1000);
    assert(login.ended);
    const calls = [];
    globalThis.fetch = async (path, init) => { calls.push([path, init.keepalive, init.headers.Authorization, init.body]); };
    session.last('updates', { method: 'POST', body: 'x' });
    assert.deepEqual(calls, [['updates', true, 'Bearer token-1', 'x']]);
  },
  async longStream() {
    let signal;
    globalThis.fetch = async (_, init) => { signal = init.signal; return new Response('', { status: 200 }); };
    const given = new AbortController();
    await session.host('case', { signal: given.signal });
    await pass(300000);
    assert(!signal.aborted);
    given.abort();
    assert(signal.aborted);
  },

  // Another agent has logged in in this browser: the page is his from then on, and
  // of what the first one has seen nothing is said in his name.
  async another(how) {
    const login = ends(session.begin());
    await pass(1000);
    assert.equal(login.value.id, 'user-a');
    const is = { reloads: 0, calls: 0, bearers: [], lost: [] };
    location.reload = () => { is.reloads++; };
    session.onLost((...told) => is.lost.push(told));
    globalThis.fetch = async (_, init) => { is.bearers.push(init.headers.Authorization); return new Response('', { status: 401 }); };
    genesys.me = () => ({ status: 200, body: { id: 'user-b' } });
    genesys.up = how === 'frame';
    const waiting = [
      ends(session.api(async () => { is.calls++; throw { status: 401 }; })),
      ends(session.host('updates', { method: 'POST' })),
    ];
    await pass(10000);
    if (how === 'window') {
      const opened = {};
      let address;
      globalThis.open = to => { address = to; return opened; };
      panel.press();
      await idle();
      answers(opened, address);
    }
    await pass(3600000);
    session.last('updates', { method: 'POST' });
    assert.equal(is.reloads, 1);
    assert.equal(is.calls, 1);
    assert.deepEqual(is.bearers, ['Bearer token-1', 'Bearer ']);
    assert.deepEqual(is.lost.at(-1), [true, true]);
    assert(waiting.every(w => !w.ended && !w.error));
  },

  // Whose login it is, is asked until the answer comes, with another token where that is needed.
  async whose() {
    const fails = e => () => { throw e; };
    const first = [fails({ status: 503 }), fails(new TypeError('failed to fetch')), () => ({ status: 200, body: '<!doctype html>' }), fails({ status: 401 })];
    const alice = genesys.me;
    genesys.me = () => (first.shift() ?? alice)();
    const login = ends(session.begin());
    await pass(2000);
    assert(!login.ended);
    await pass(60000);
    assert.equal(login.value.id, 'user-a');
    assert.deepEqual([genesys.asked, genesys.codes], [5, 2]);
    let calls = 0;
    const call = ends(session.api(async () => { if (!calls++) throw { status: 401 }; }));
    await pass(1000);
    assert(call.ended);
    assert.deepEqual([genesys.asked, genesys.codes], [6, 3]);
    assert.deepEqual(panel.asks, []);
  },
  async mayNotAsk() {
    genesys.me = () => { throw { status: 403 }; };
    const login = ends(session.begin());
    await pass(1000);
    assert(login.ended);
    assert.equal(login.value, undefined);
    assert.equal(panel.wrong, 'denied');
  },
};
