import assert from 'node:assert';
import { idle, pass } from './clock.js';

const dcm = 'https://dcm.example.com';
const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
let hearers = [];
set('location', { origin: dcm, pathname: '/genesys/app/', search: '' });
set('addEventListener', (_, hear) => { hearers.push(hear); });
set('removeEventListener', (_, hear) => { hearers = hearers.filter(h => h !== hear); });
const { newSession } = await import('./login.js');

// genesys is the login page, as frames and windows see it.
const genesys = { frames: 0, up: true, codes: 0 };
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
const panel = { asks: [], wrong: undefined, press: null,
  trouble: kind => { panel.wrong = kind; },
  ask: (why, act) => new Promise(done => {
    panel.asks.push(why);
    panel.press = () => done(act());
  }),
};
const session = newSession({ login: 'https://login.mypurecloud.de', clientId: 'dcm' }, {
  generatePKCECodeVerifier: () => 'v', computePKCECodeChallenge: async () => 'x',
  authorizePKCEGrant: async () => ({ accessToken: 'token-' + ++genesys.codes }),
}, panel);

const ends = promise => {
  const is = { ended: false };
  promise.then(() => { is.ended = true; }, e => { is.error = e; });
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

  // A window fails when the agent is logged in already: that is nobody's trouble.
  async windowTooLate() {
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
    answers(opened, address, 'error=access_denied');
    await pass(60000);
    assert.deepEqual(panel.asks, ['login', 'waiting']);
    assert.equal(panel.wrong, '');
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
};
