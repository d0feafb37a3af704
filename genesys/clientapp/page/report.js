// What the page tells the host: a hint for each conversation that something
// happened to. It is told again until the host has taken it; of several about one
// conversation the last one is enough.

const longest = 30000;

export function newReporter({ config, session, panel }) {
  const waiting = new Map(); // by conversation
  let working = null;

  const write = ({ kind, conversationId, seenAt, body }) => {
    const hint = { source: 'client-app', kind: 'hint', conversationId, seenAt };
    if (!body || !config.bodies) return JSON.stringify({ ...hint, kind: config.bodies ? 'hint' : kind });
    const whole = JSON.stringify({ ...hint, kind, body });
    return new TextEncoder().encode(whole).length <= config.maxBody ? whole : JSON.stringify(hint);
  };

  // send reports whether the report is settled, or how long to wait.
  const send = async one => {
    const answer = await session.host('updates', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: write(one),
    }).catch(() => null);
    const status = answer?.status ?? 0;
    const says = answer && !answer.ok ? await answer.json().catch(() => ({})) : {};
    switch (true) {
      case status >= 200 && status < 300:
        panel.host('ok');
        return 0;
      case status === 413 && one.body !== undefined:
        delete one.body;
        return send(one);
      case says.code === 'participant':
        panel.host('ok');
        panel.told({ conversationId: one.conversationId, takesPart: false });
        return 0;
      case status === 401 || status === 403:
        panel.trouble('denied', says.error);
        return 0;
      case status === 429 || status >= 500 || status === 0:
        panel.host('silent');
        return 1000 * Number(answer?.headers.get('Retry-After') || 0) || 1;
      default: // the host does not understand it, and would not the next time
        panel.trouble('misunderstood', says.error);
        return 0;
    }
  };

  const work = async () => {
    for (let failures = 0; waiting.size; ) {
      const [id, one] = waiting.entries().next().value;
      const wait = await send(one);
      const still = waiting.get(id);
      waiting.delete(id);
      if (wait) waiting.set(id, still); // behind the others
      else if (still !== one) waiting.set(id, still);
      failures = wait ? failures + 1 : 0;
      const pause = Math.min(500 * 2 ** failures, longest) * (0.5 + Math.random() / 2);
      if (wait) await new Promise(done => setTimeout(done, Math.max(Math.min(wait, longest), pause)));
    }
  };

  const report = (kind, conversationId, body) => {
    waiting.set(conversationId, { kind, conversationId, body, seenAt: new Date().toISOString() });
    working ??= work().finally(() => { working = null; });
  };
  // flush waits for what is under way.
  report.flush = most => Promise.race([working, new Promise(done => setTimeout(done, most))]);
  return report;
}
