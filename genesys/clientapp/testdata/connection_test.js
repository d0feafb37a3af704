import assert from 'node:assert';
import { idle, pass } from './clock.js';

globalThis.addEventListener = () => {};
delete globalThis.BroadcastChannel; // a page for itself
Object.defineProperty(globalThis, 'navigator', { value: {} });
const { newConnection } = await import('./connection.js');

const never = () => new Promise(() => {});
const event = id => 'event: case\ndata: ' + JSON.stringify({ conversationId: id, takesPart: true, case: null }) + '\n\n';

// listen begins to listen to a host.
function listen(host) {
  const is = { asked: 0, told: 0 };
  const connection = newConnection({
    name: 'n', topic: 't', notifications: { postNotificationsChannels: never }, onState() {}, onEvent() {}, onDenied() {},
    onCase() { is.told++; },
    session: { api: call => call(), onLost() {}, host: (path, { signal }) => { 
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
};
