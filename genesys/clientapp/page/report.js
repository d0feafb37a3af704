// What the page tells the host: a hint for each conversation that something
// happened to. It is told again until the host has taken it; of several about one
// conversation the last one is enough.

const longest = 30000;
const unread = 20000; // for the body of an answer
const denied = 60000; // a denial can pass, too
const few = 4; // as many fail before it is the host that is taken for down

export function newReporter({ config, session, panel, told }) {
  const waiting = new Map(); // by conversation
  let working = null;
  let refused = false; // by the last answer the agent is not let in
  let newer = false; // something was reported since the last post began
  const failed = new Map(); // by conversation of those that wait: how often
  let wake = () => {}; // ends a pause

  const post = body => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

  const write = ({ kind, conversationId, seenAt, body }) => {
    const hint = { source: 'client-app', kind: 'hint', conversationId, seenAt };
    if (!body || !config.bodies) return JSON.stringify({ ...hint, kind: config.bodies ? 'hint' : kind });
    const whole = JSON.stringify({ ...hint, kind, body });
    return new TextEncoder().encode(whole).length <= config.maxBody ? whole : JSON.stringify(hint);
  };

  // send reports whether the report is settled, or how long to wait.
  const send = async one => {
    const ending = new AbortController();
    const answer = await session.host('updates', { ...post(write(one)), signal: ending.signal }).catch(() => null);
    const status = answer?.status ?? 0;
    const timer = setTimeout(() => ending.abort(), unread);
    const says = await answer?.json().catch(() => null) ?? {};
    clearTimeout(timer);
    refused = status === 401 || status === 403 && says.code !== 'participant';
    switch (true) {
      case status === 200 && says.accepted === true:
        panel.host('ok');
        return 0;
      case status === 413 && one.body !== undefined:
        delete one.body;
        return send(one);
      case says.code === 'participant':
        panel.host('ok');
        told({ conversationId: one.conversationId, takesPart: false });
        return 0;
      case refused:
        panel.trouble('denied', says.error);
        return denied;
      case (status === 400 || status === 415) && typeof says.error === 'string': // it would not be understood the next time
        panel.trouble('misunderstood', says.error);
        return 0;
      default: // it is not the host that answers, or it cannot take it now
        panel.host('silent');
        return Math.min(1000 * Number(answer?.headers.get('Retry-After') || 0) || 1, longest);
    }
  };

  const times = one => failed.get(one.conversationId) ?? 0;
  // untried reports whether one waits that may be taken: where few conversations
  // fail it need not be the host that is down.
  const untried = () => failed.size < few && [...waiting.keys()].some(id => !failed.has(id));

  // work sends what waits, and first what has failed least often.
  const work = async () => {
    for (let failures = 0; waiting.size; ) {
      const one = [...waiting.values()].reduce((a, b) => times(b) < times(a) ? b : a);
      const id = one.conversationId;
      newer = false;
      const wait = await send(one);
      const still = waiting.get(id);
      waiting.delete(id);
      if (wait || still !== one) waiting.set(id, still); // behind the others
      if (!wait) {
        failed.delete(id);
        failures = 0;
        continue;
      }
      failed.set(id, times(one) + 1);
      failures = Math.max(failures + 1, times(one));
      const pause = Math.min(500 * 2 ** failures, longest) * (0.5 + Math.random() / 2);
      if (!(refused && newer) && !untried()) await new Promise(done => { wake = done; setTimeout(done, Math.max(wait, pause)); });
    }
  };

  const report = (kind, conversationId, body) => {
    waiting.set(conversationId, { kind, conversationId, body, seenAt: new Date().toISOString() });
    newer = true;
    if (refused || untried()) wake();
    working ??= work().finally(() => { working = null; });
  };
  // flush tries once more, and waits for what is under way.
  report.flush = most => {
    wake();
    return Promise.race([working, new Promise(done => setTimeout(done, most))]);
  };
  // What is not known to be taken when the page goes is told as hints that outlive it.
  addEventListener('pagehide', () => {
    for (const { conversationId, seenAt } of waiting.values()) {
      session.last('updates', post(JSON.stringify({ source: 'client-app', kind: 'hint', conversationId, seenAt })));
    }
  });
  return report;
}
