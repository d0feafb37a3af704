import assert from 'node:assert';
import { idle, pass } from './clock.js';

globalThis.addEventListener = () => {};
delete globalThis.BroadcastChannel; // a page for itself
Object.defineProperty(globalThis, 'navigator', { value: {} });
const { newConnection } = await import('./connection.js');

const never = () => new Promise(() => {});
const event = id => 'event: case\ndata: ' + JSON.stringify({ conversationId: id, takesPart: true, case: null }) + '\n\n';

// listen begins to listen to a host, and to Genesys Cloud.
function listen(host, notifications = { postNotificationsChannels: never }) {
  const is = { asked: 0, told: 0, stream: [] };
  const connection = newConnection({
    name: 'n', topic: 't', notifications, onState() {}, onEvent() {}, onDenied() {}, onAdmitted() {},
    onCase() { is.told++; }, onStream(state) { is.stream.push(state); },
    session: { api: call => call(), onLost(tell) { is.lost = tell; }, host: (path, { signal }) => { 
      if (++is.asked > 1000) throw process.exit(1, console.error('it asks without end'));
      return host(signal);
    } },
  });
  connection.want(['c-1']);
  connection.start();
  return is;
}

// lasting is a stream that ends after a time.
const lasting = ms => signal => {
  let open = true;
  return Promise.resolve(new Response(new ReadableStream({
    start(to) {
      const breathe = () => open && (to.enqueue(new TextEncoder().encode(':\n\n')), setTimeout(breathe, 15000));
      to.enqueue(new TextEncoder().encode(event('c-1')));
      breathe();
      setTimeout(() => { open = false; to.close(); }, ms);
      signal.addEventListener('abort', () => { open = false; to.error(signal.reason); });
    },
  })));
};

// openSockets returns those that are opened from now on, each of which opens at once.
function openSockets() {
  const sockets = [];
  globalThis.WebSocket = class {
    static CONNECTING = 0;
    static OPEN = 1;
    readyState = 0;
    constructor() {
      sockets.push(this);
      queueMicrotask(() => { this.readyState = 1; this.onopen(); });
    }
    close() { this.readyState = 3; }
  };
  return sockets;
}

// openLonelySockets: as openSockets, but of sockets whose other side has gone without a word: the browser tells of their end a minute later.
function openLonelySockets() {
  const sockets = openSockets();
  globalThis.WebSocket.prototype.close = function () {
    if (this.readyState > 1) return;
    this.readyState = 2;
    setTimeout(() => { this.readyState = 3; this.onclose(); }, 60000);
  };
  return sockets;
}

const isOpen = socket => socket.readyState === 1;
const postNotificationsChannels = async () => ({ body: { id: 'channel', connectUri: 'wss://streaming.mypurecloud.de/channel', expires: '2999-01-01T00:00:00Z' } });

export const tests = {
  async endsAtOnce() {
    const is = listen(lasting(0));
    await pass(60000);
    assert(is.asked >= 3 && is.asked < 30, 'it asks ' + is.asked + ' times in a minute');
  },
  async lasts() {
    const is = listen(lasting(300000));
    await pass(3000 * 1000);
    assert(is.asked >= 10 && is.asked <= 11, 'it asks ' + is.asked + ' times');
    assert.equal(is.told, is.asked);
  },

  // What was not allowed when the page was loaded before may be now.
  async allowedLater() {
    const stored = new Map();
    globalThis.sessionStorage = { getItem: n => stored.get(n) ?? null, setItem: (n, text) => stored.set(n, text), removeItem: n => stored.delete(n) };
    openSockets();
    let state = 'Rejected';
    let said = '';
    const load = () => {
      const c = newConnection({ name: 'n', topic: 't', onState(is) { said = is; }, onEvent() {}, onCase() {}, onStream() {}, onDenied() {}, onAdmitted() {},
        notifications: { postNotificationsChannels, putNotificationsChannelSubscriptions: async () => ({ status: 200, body: { entities: [{ state }] } }) },
        session: { api: call => call(), onLost() {}, host: never } });
      c.start();
      return c;
    };
    const first = load();
    await pass(10000);
    assert.equal(said, 'deaf');
    first.stop();
    await pass(10000);
    state = 'Permanent';
    load();
    await pass(10000);
    assert.equal(said, 'up');
  },

  // A token may not be known everywhere yet.
  async deniedForAWhile() {
    const said = [];
    let no = 1;
    const c = newConnection({ name: 'n', topic: 't', notifications: { postNotificationsChannels: never }, onState() {}, onEvent() {}, onCase() {}, onStream() {},
      onDenied: () => said.push('denied'), onAdmitted: () => said.push('admitted'),
      session: { api: call => call(), onLost() {}, host: async (path, { signal }) =>
        no-- > 0 ? new Response('{"error":"no"}', { status: 401 }) : lasting(300000)(signal) } });
    c.want(['c-1']);
    c.start();
    await pass(120000);
    assert.deepEqual(said, ['denied', 'admitted']);
  },

  // Genesys Cloud is asked less and less often while it fails, whatever it is that fails.
  async noChannel() {
    let posts = 0;
    listen(never, { postNotificationsChannels: async () => { posts++; throw { status: 503 }; } });
    await pass(600000);
    assert(posts >= 10 && posts < 30, 'it asks for ' + posts + ' channels');
  },
  async noSubscription() {
    const sockets = openSockets();
    listen(never, { postNotificationsChannels, putNotificationsChannelSubscriptions: async () => { throw { status: 429 }; } });
    await pass(600000);
    assert(sockets.length >= 10 && sockets.length < 30, 'it opens ' + sockets.length + ' sockets');
    assert.equal(sockets.filter(isOpen).length, 0, 'a socket that nobody listens to stays open');
  },

  // A path that is dead says nothing, and does not answer that the socket is to be closed.
  async deadPath() {
    const sockets = openLonelySockets();
    listen(never, { postNotificationsChannels, putNotificationsChannelSubscriptions: async () => ({ status: 200, body: { entities: [{}] } }) });
    await pass(1000);
    assert.equal(sockets.length, 1);
    await pass(82000);
    assert.equal(sockets.length, 2);
    assert.equal(sockets[0].onmessage, null, 'nothing is heard twice');
  },

  // Whether the host tells of the cases is said as soon as it is known.
  async stream() {
    let there = false;
    const is = listen(signal => {
      if (there === 'mute') return Promise.resolve(new Response(new ReadableStream({ start(to) { signal.addEventListener('abort', () => to.error(signal.reason)); } })));
      return there ? lasting(300000)(signal) : Promise.resolve(new Response(null, { status: 503 }));
    });
    await pass(100);
    assert.deepEqual(is.stream, ['silent']);
    there = true;
    await pass(60000);
    assert.deepEqual(is.stream, ['silent', 'up']);
    there = 'mute'; // a proxy holds it back
    await pass(400000);
    assert.deepEqual(is.stream, ['silent', 'up', 'silent']);
  },

  // Nothing of an agent's channel is left to the one whose page it is next.
  async another() {
    const stored = new Map();
    globalThis.sessionStorage = { getItem: name => stored.get(name) ?? null, setItem: (name, text) => stored.set(name, text), removeItem: name => stored.delete(name) };
    const sockets = openSockets();
    const is = listen(never, { postNotificationsChannels, putNotificationsChannelSubscriptions: async () => ({ status: 200, body: { entities: [{}] } }) });
    await pass(10000);
    assert.deepEqual([sockets.filter(isOpen).length, stored.size], [1, 1]);
    is.lost(true);
    await pass(10000);
    assert.deepEqual([sockets.filter(isOpen).length, stored.size], [0, 1], 'the same agent goes back to his channel');
    is.lost(false);
    await pass(10000);
    assert.equal(sockets.filter(isOpen).length, 1);
    is.lost(true, true);
    await pass(10000);
    assert.deepEqual([sockets.filter(isOpen).length, stored.size], [0, 0]);
  },
};
