import assert from 'node:assert';
import { idle, pass } from './clock.js';

const listeners = {};
globalThis.addEventListener = (name, hear) => { (listeners[name] ??= []).push(hear); };
const { newReporter } = await import('./report.js');

// answer is what the host gives to a post.
const answer = (status, body, headers = {}) => new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
const taken = () => answer(200, { accepted: true });

// page reports to a host that answers so, one after the other, and then takes everything.
function page(answers, bodies = false) {
  const is = { posts: [], said: [], wrong: '' };
  const take = (path, init) => {
    is.posts.push(JSON.parse(init.body));
    return (answers.shift() ?? taken)(init);
  };
  is.report = newReporter({
    config: { bodies, maxBody: 1 << 20 },
    session: { host: async (path, init) => take(path, init), last: take },
    panel: { host: state => is.said.push(state), trouble: kind => { is.wrong = kind; } },
    told() {},
  });
  return is;
}

export const tests = {
  async taken() {
    const is = page([]);
    is.report('event', 'c-1', {});
    await idle();
    assert.equal(is.posts.length, 1);
    await pass(3600000);
    assert.equal(is.posts.length, 1);
  },

  // What stands before the host may answer in its place.
  async othersAnswer() {
    for (const other of [
      () => new Response('<!doctype html><title>sign in</title>', { status: 200 }), () => answer(200, {}), () => answer(200, null), () => answer(204),
      () => answer(200, { accepted: false }), () => answer(404), () => new Response('404 page not found', { status: 404 }), () => answer(405), () => answer(408),
      () => answer(400), () => answer(502), () => Promise.reject(new TypeError('failed to fetch')),
    ]) {
      const is = page([other, other, other]);
      is.report('event', 'c-1', {});
      await idle();
      assert.equal(is.said.at(-1), 'silent', other);
      await pass(300000);
      assert.equal(is.posts.length, 4, other);
      assert.equal(is.said.at(-1), 'ok', other);
    }
  },

  // An answer whose body does not end is none, and holds neither the hint nor a connection.
  async endlessAnswer() {
    let aborted = 0;
    const endless = ({ signal }) => new Response(new ReadableStream({
      start(to) { signal?.addEventListener('abort', () => { aborted++; to.error(signal.reason); }); },
    }), { status: 200 });
    const is = page([endless, endless]);
    is.report('event', 'c-1', {});
    await pass(19000);
    assert.equal(is.posts.length, 1);
    await pass(60000);
    assert.equal(aborted, 2);
    assert.equal(is.posts.length, 3);
    assert.deepEqual(is.said, ['silent', 'silent', 'ok']);
  },

  // A denial can pass: a token may not be known everywhere yet, an administrator corrects an id.
  async denied() {
    for (const status of [401, 403]) {
      const no = () => answer(status, { error: 'the token is of another organization' });
      const is = page([no, no, no]);
      is.report('event', 'c-1', {});
      await idle();
      assert.equal(is.wrong, 'denied');
      await pass(40000);
      assert(is.posts.length <= 2, 'it is not asked all the time');
      await pass(300000);
      assert.equal(is.posts.length, 4, status);
      assert.equal(is.said.at(-1), 'ok');
    }
  },
  async deniedUntilSomethingHappens() {
    const is = page([() => answer(403, { error: 'no' })]);
    is.report('event', 'c-1', {});
    await idle();
    is.report('event', 'c-2', {});
    await pass(5000);
    assert.deepEqual(is.posts.map(p => p.conversationId).sort(), ['c-1', 'c-1', 'c-2']);
  },

  // What happens while a denied hint is on its way is told right after it, and not again at once.
  async deniedWhileSomethingHappens() {
    for (const next of ['c-1', 'c-2']) {
      let arrive;
      const no = () => answer(403, { error: 'no' });
      const is = page([() => new Promise(done => { arrive = () => done(no()); }), no]);
      is.report('event', 'c-1', {});
      await pass(1000);
      is.report('event', next, {});
      arrive();
      await pass(1000);
      assert.deepEqual(is.posts.map(p => p.conversationId), ['c-1', next]);
      await pass(50000);
      assert.equal(is.posts.length, 2);
      await pass(60000);
      assert.equal(is.said.at(-1), 'ok');
      assert.equal(is.posts.length, next === 'c-1' ? 3 : 4);
    }
  },

  // A conversation that the host cannot take holds up no other one.
  async oneIsNeverTaken() {
    const is = page(Array(1000).fill(({ body }) => JSON.parse(body).conversationId.startsWith('no-') ? answer(503, { error: 'later' }) : taken()));
    is.report('event', 'no-1');
    is.report('event', 'no-2');
    await pass(300000);
    const before = is.posts.length;
    assert(before < 60, 'it is not asked all the time');
    is.report('event', 'c-1');
    await idle();
    assert(is.posts.slice(before).some(p => p.conversationId === 'c-1'));
    await pass(300000);
    assert(is.posts.length - before < 60);
  },

  // A host that is down is not asked about each conversation.
  async down() {
    const is = page(Array(1000).fill(() => answer(503, { error: 'later' })));
    for (let i = 0; i < 20; i++) is.report('event', 'c-' + i);
    await pass(300000);
    assert(is.posts.length < 30, 'it is asked ' + is.posts.length + ' times');
  },

  async neverTaken() {
    for (const refusal of [() => answer(400, { error: 'conversationId is not an id' }), () => answer(415, { error: 'no' }), () => answer(403, { error: 'no', code: 'participant' })]) {
      const is = page([refusal]);
      is.report('event', 'c-1', {});
      await pass(3600000);
      assert.equal(is.posts.length, 1, refusal);
    }
  },

  // The desktop says that it closes the page while the host is away for a moment.
  async stopped() {
    const is = page([() => answer(503, { error: 'later' }, { 'Retry-After': '20' })]);
    is.report('event', 'c-1', {});
    await pass(1000);
    let ended = false;
    is.report.flush(2000).then(() => { ended = true; });
    await pass(1000);
    assert.equal(is.posts.length, 2);
    assert(ended);
  },

  // The page is gone at once, whatever was under way.
  async gone() {
    for (const first of [() => new Promise(() => {}), () => answer(503, { error: 'later' })]) {
      const is = page([first, first, first], true);
      is.report('event', 'c-1', { text: 'a'.repeat(100000) });
      is.report('event', 'c-2', {});
      await idle();
      const before = is.posts.length;
      for (const hear of listeners.pagehide?.splice(0) ?? []) hear({});
      const last = is.posts.slice(before);
      assert.deepEqual(last.map(p => p.conversationId).sort(), ['c-1', 'c-2'], first);
      assert(last.every(p => p.kind === 'hint' && p.body === undefined));
    }
  },
};
