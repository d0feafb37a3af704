// A notification channel at Genesys Cloud and an event stream at the
// host. All pages of one agent in one browser share one, however many
// interactions and tabs are open: the page that holds the lock leads, and passes
// on what it hears; when it is gone another one does. Where the browser has no
// locks each page has a connection of its own.

const silence = 75000; // heartbeats come every 30 s
const stale = 40000; // the host's stream breathes every 15 s
const settle = 5000; // a connection that ends sooner was none

const sleep = (ms, signal) => new Promise(done => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
});
const backoff = failures => Math.min(1000 * 2 ** failures, 60000) * (0.5 + Math.random() / 2);

export function newConnection({ name, topic, notifications, session, onState, onEvent, onCase, onStream, onDenied, onAdmitted }) {
  const self = crypto.randomUUID();
  let bus = guarded(() => new BroadcastChannel(name));
  const pages = new Map(); // by page: the conversations it shows
  const cases = new Map(); // what the host has told last, by conversation
  let mine = [];
  let state = 'down';
  let stream = 'up'; // of the host, until it fails
  let ending = null; // ends this page's part in the connection
  let leading = false;
  let covers = () => {}; // has the stream tell of new conversations
  const shown = () => [...pages.values()].flat();

  const say = message => bus?.postMessage({ ...message, from: self });
  const join = () => {
    pages.set(self, mine);
    say({ type: 'join', conversations: mine });
    if (leading) covers();
  };
  const turn = to => {
    state = to;
    onState(to);
    if (leading) say({ type: 'lead', state, stream });
  };
  const streamIs = is => {
    if (is === stream) return;
    onStream(stream = is);
    if (leading) say({ type: 'lead', state, stream });
  };
  if (bus) bus.onmessage = ({ data }) => {
    switch (data.type) {
      case 'join':
        pages.set(data.from, data.conversations);
        if (!leading) return;
        say({ type: 'lead', state, stream, to: data.from });
        for (const id of data.conversations) if (cases.has(id)) say({ type: 'case', told: cases.get(id) });
        return covers();
      case 'leave':
        return pages.delete(data.from);
      case 'lead':
        if (data.to && data.to !== self) return;
        if (!data.to && data.fresh) join();
        streamIs(data.stream);
        if (data.state !== state || !data.to) turn(data.state);
        return;
      case 'event':
        return onEvent(data.message);
      case 'case':
        return onCase(data.told);
    }
  };

  const lead = async signal => {
    leading = true;
    state = 'down';
    pages.clear();
    pages.set(self, mine);
    say({ type: 'lead', state, stream, fresh: true });
    try {
      // Who waits for a login does not lead.
      await Promise.race([Promise.all([listen(signal), watch(signal)]), new Promise(done => signal.addEventListener('abort', done))]);
    } finally {
      leading = false;
      turn('down');
    }
  };

  // listen keeps a channel and its socket. It goes back to the same channel as
  // long as Genesys Cloud has it.
  const listen = async signal => {
    let channel = remembered(name);
    for (let failures = 0; !signal.aborted; ) {
      let began = 0;
      let socket;
      try {
        channel ??= (await session.api(() => notifications.postNotificationsChannels())).body;
        if (signal.aborted) return;
        socket = await connect(channel.connectUri, signal);
        socket.onmessage = event => {
          socket.heard = Date.now();
          const message = JSON.parse(event.data);
          if (message.topicName === topic) {
            say({ type: 'event', message });
            onEvent(message);
          } else if (message.topicName?.startsWith('v2.system.')) {
            if (!message.topicName.startsWith('v2.system.socket_closing')) channel = null;
            socket.close();
          }
        };
        channel.hears ??= await subscribe(channel.id); // before the first look, so that nothing is between them
        if (signal.aborted) return;
        remember(name, { ...channel, hears: channel.hears || undefined }); // what was not allowed is asked for again
        began = Date.now();
        turn(channel.hears ? 'up' : 'deaf');
        await closed(socket, signal);
      } catch {
        socket?.close();
        channel = null;
      }
      if (signal.aborted) return;
      turn('down');
      if (began && Date.now() - began > settle) failures = 0;
      else channel = null;
      if (!channel) forget(name);
      await sleep(began && failures === 0 ? 300 + 700 * Math.random() : backoff(failures), signal);
      failures++;
    }
  };

  // subscribe reports whether events will come: an agent may not be allowed to
  // hear of himself.
  const subscribe = async id => {
    const answer = await session.api(() => notifications.putNotificationsChannelSubscriptions(id, [{ id: topic }], { ignoreErrors: true }))
      .catch(e => { if (e?.status === 403) return e; throw e; });
    return answer.status === 200 && answer.body.entities?.[0]?.state !== 'Rejected';
  };

  // watch keeps the event stream of the host.
  const watch = async signal => {
    for (let failures = 0; !signal.aborted; ) {
      const wanted = [...new Set(shown())].slice(0, 64);
      const again = new AbortController();
      const end = () => again.abort();
      signal.addEventListener('abort', end, { once: true });
      covers = () => shown().some(id => !wanted.includes(id)) && setTimeout(end, 50); // several pages begin at once
      try {
        if (!wanted.length) {
          streamIs('up'); // nobody is asked
          await sleep(3600000, again.signal);
          continue;
        }
        const query = new URLSearchParams(wanted.map(id => ['conversationId', id]));
        const answer = await session.host('case?' + query, { signal: again.signal });
        if (answer.ok) {
          onAdmitted();
          const began = Date.now();
          const lasted = () => Date.now() - began > settle;
          await read(answer.body, { onBreath: () => streamIs('up'), onStale: () => { streamIs('silent'); end(); }, onData: told => {
            cases.set(told.conversationId, told);
            say({ type: 'case', told });
            onCase(told);
          } }).finally(() => { if (lasted()) failures = 0; });
          if (lasted()) continue;
        }
        if (answer.status === 401 || answer.status === 403) {
          onDenied((await answer.json().catch(() => ({}))).error);
          failures = 6;
        } else if (!answer.ok) streamIs('silent');
      } catch {
        if (signal.aborted) return;
        if (again.signal.aborted) continue;
        streamIs('silent');
      } finally {
        signal.removeEventListener('abort', end);
      }
      await sleep(backoff(failures++), signal);
    }
  };

  const start = () => {
    if (ending) return;
    ending = new AbortController();
    const { signal } = ending;
    join();
    const alone = () => {
      bus?.close();
      bus = null;
      lead(signal);
    };
    if (!bus || !navigator.locks) return alone();
    let asked = true; // a frame whose storage is blocked is refused the lock
    navigator.locks.request(name, { signal }, () => {
      asked = false;
      return lead(signal);
    }).catch(() => asked && !signal.aborted && alone());
  };
  const stop = () => {
    say({ type: 'leave' });
    ending?.abort();
    ending = null;
  };
  session.onLost((lost, forever) => {
    lost ? stop() : start();
    if (forever) forget(name);
  });
  addEventListener('pagehide', stop);
  addEventListener('pageshow', event => event.persisted && start());

  return {
    start,
    stop,
    want(conversations) {
      mine = conversations;
      if (ending) join();
    },
  };
}

// connect opens a socket.
function connect(address, signal) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    const fail = () => { socket.close(); reject(new Error('socket')); };
    socket.onopen = () => resolve(socket);
    socket.onerror = socket.onclose = fail;
    signal.addEventListener('abort', fail, { once: true });
    setTimeout(() => socket.readyState === WebSocket.CONNECTING && fail(), 15000);
  });
}

// closed waits for the end of a socket, or ends it when it is silent.
function closed(socket, signal) {
  return new Promise(done => {
    socket.heard = Date.now();
    const end = () => { clearInterval(timer); socket.onmessage = null; done(); };
    const giveUp = () => { socket.close(); end(); }; // on a path that is dead nobody answers, and its end is told a minute later
    const timer = setInterval(() => Date.now() - socket.heard > silence && giveUp(), 5000);
    socket.onclose = end;
    signal.addEventListener('abort', giveUp, { once: true });
    if (socket.readyState > WebSocket.OPEN) end();
  });
}

// read reads server-sent events until the stream ends, or is silent.
async function read(body, { onBreath, onStale, onData }) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; ; ) {
    const timer = setTimeout(onStale, stale);
    const { value, done } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    onBreath();
    const events = (rest + value).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter(l => l.startsWith('data: ')).map(l => l.slice(6)).join('\n');
      if (data) onData(JSON.parse(data));
    }
  }
}

// The channel is remembered for the next load of a page in this tab, where the
// browser lets a frame have storage. Without it a load costs a channel.
const remembered = name => guarded(() => {
  const channel = JSON.parse(sessionStorage.getItem(name));
  return channel && Date.parse(channel.expires) - Date.now() > 600000 ? channel : null;
}) ?? null;
const remember = (name, channel) => guarded(() => sessionStorage.setItem(name, JSON.stringify(channel)));
const forget = name => guarded(() => sessionStorage.removeItem(name));

function guarded(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
