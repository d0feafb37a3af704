// Login by authorization code with PKCE. The page never leaves its place: the
// login runs in a frame that nobody sees, which works while the agent has a
// session at Genesys Cloud, and else in a window that the agent opens. Either
// comes back to this page's address with a code, which it hands over. The
// verifier and the token are in the memory of this page alone.

// handOver passes the answer of a login on to the page that has begun it. It
// reports whether this page was loaded for that.
export function handOver() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state') || !(answer.has('code') || answer.has('error'))) return false;
  const from = ours(opener) ?? (parent !== self ? ours(parent) : null);
  if (!from) return false; // somebody has made up the address
  from.postMessage({ login: location.search }, location.origin);
  if (opener) close();
  return true;
}

// ours returns a window if it shows a page of this origin.
function ours(w) {
  try {
    return w && w.location.origin === location.origin ? w : null;
  } catch {
    return null;
  }
}

const patience = 5000; // for a login page that is shown in the frame to go on by itself
const longest = 15000; // for the login in the frame as a whole
const unanswered = 20000; // for the host, which answers within 2 s
const unasked = [30000, 600000]; // first and longest pause between logins while the agent is asked for one

export function newSession(config, client, panel, users) {
  const redirectURI = location.origin + location.pathname;
  let me = null; // whose page it is
  let token = '';
  let renewing = null;
  let lost = () => {};

  // prepare makes what one login needs. The answer must bring its state.
  const prepare = async () => {
    const verifier = client.generatePKCECodeVerifier(128);
    const state = crypto.randomUUID();
    const url = config.login + '/oauth/authorize?' + new URLSearchParams({
      response_type: 'code', client_id: config.clientId, redirect_uri: redirectURI, state,
      code_challenge: await client.computePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    });
    return { url, state, verifier };
  };

  // answered waits for the answer from a window.
  const answered = (login, source, cancelled) => new Promise((resolve, reject) => {
    const hear = event => {
      if (event.origin !== location.origin || event.source !== source() || typeof event.data?.login !== 'string') return;
      const answer = new URLSearchParams(event.data.login);
      if (answer.get('state') !== login.state) return;
      removeEventListener('message', hear);
      if (answer.get('code')) resolve(answer.get('code'));
      else reject(new Error('refused'));
    };
    addEventListener('message', hear);
    cancelled.then(why => {
      removeEventListener('message', hear);
      reject(new Error(why));
    });
  });

  // unseen logs in within a frame; it fails where Genesys Cloud wants to see the
  // agent, or its login page does not want to be in a frame.
  const unseen = async () => {
    const login = await prepare();
    const frame = document.createElement('iframe');
    frame.hidden = true;
    frame.referrerPolicy = 'strict-origin'; // a login may let listed origins alone embed it
    const late = new Promise(done => {
      setTimeout(done, longest, 'late');
      frame.onload = () => setTimeout(done, patience, 'not by itself');
    });
    frame.src = login.url;
    document.body.append(frame);
    try {
      return await exchange(login, await answered(login, () => frame.contentWindow, late));
    } finally {
      frame.remove();
    }
  };

  // seen logs in within a window that the agent opens with a button. Its address
  // is ready by then: browsers open windows in a click and not after it.
  const seen = async renewal => {
    for (let why = 'login'; ; ) {
      const login = await prepare();
      if (!renewal.wanted) return;
      const opened = await panel.ask(why, () => open(login.url, '_blank', 'popup,width=480,height=680'));
      if (!opened) {
        why = 'popup';
        continue;
      }
      try {
        renewal.opened = opened;
        const again = panel.ask('waiting', () => true); // a window that is gone cannot always be told
        const code = await answered(login, () => opened, again.then(() => 'again'));
        return renewal.wanted && await exchange(login, code); // later can have been first
      } catch (e) {
        renewal.opened = null;
        why = e.message === 'again' ? 'login' : 'failed';
      }
    }
  };

  const exchange = async (login, code) => {
    const got = await client.authorizePKCEGrant(config.clientId, login.verifier, code, redirectURI).catch(() => {
      throw new Error('exchange'); // what the SDK throws holds the request
    });
    token = got.accessToken;
  };

  // later logs in without the agent, once that works again: a network can be away
  // when a laptop wakes up, and the agent logs in at Genesys Cloud elsewhere, too.
  // It leaves him alone with a window that he has opened.
  const later = async renewal => {
    for (let pause = unasked[0]; ; pause = Math.min(2 * pause, unasked[1])) {
      await new Promise(done => setTimeout(done, pause));
      if (!renewal.wanted) return;
      if (renewal.opened?.closed === false) continue;
      try {
        return await unseen();
      } catch {}
    }
  };

  const logIn = async () => {
    try {
      await unseen();
    } catch {
      const renewal = { wanted: true, opened: null }; // the window, while the agent logs in there
      lost(true);
      await Promise.race([seen(renewal), later(renewal)]).finally(() => { renewal.wanted = false; });
      lost(false);
    }
    panel.trouble('');
  };

  // renew logs in when a token is not valid any more, and not before: calls that
  // nobody needs would keep a token alive that the organisation wants to end. It
  // gives the agent. If another one has logged in in this browser the page begins
  // anew, and says nothing in his name before.
  const renew = () => renewing ??= (async () => {
    for (let status = 401, pause = 1000; ; pause = Math.min(2 * pause, 60000)) {
      if (status === 401) await logIn();
      const answer = await users.getUsersMe().catch(e => e);
      status = answer?.status;
      const id = status === 200 && answer.body?.id;
      if (id && id === (me ??= answer.body).id) return me;
      if (id) {
        token = '';
        lost(true, true);
        location.reload();
        return new Promise(() => {});
      }
      if (!me && status === 403) return panel.trouble('denied');
      if (!me) panel.connection('down');
      await new Promise(done => setTimeout(done, pause));
    }
  })().finally(() => { renewing = null; });

  const renewed = used => used === token ? renew() : renewing;

  return {
    begin: renew,
    // onLost is told when the agent has to log in with a window, and when he has; or
    // that the page is not his any more.
    onLost(tell) { lost = tell; },

    // api calls the SDK, again with a new token where the old one is not valid.
    async api(call) {
      await renewing;
      const used = token;
      return call().catch(async e => {
        if (e?.status !== 401) throw e;
        await renewed(used);
        return call();
      });
    },

    // host calls the host with the agent's token; the answer is of any status.
    async host(path, init = {}) {
      for (let again = false; ; again = true) {
        await renewing;
        const used = token;
        const late = new AbortController();
        const end = () => late.abort();
        const timer = setTimeout(end, unanswered);
        init.signal?.addEventListener('abort', end, { once: true });
        if (init.signal?.aborted) end();
        const answer = await fetch(path, { ...init, headers: { ...init.headers, Authorization: 'Bearer ' + used }, signal: late.signal })
          .finally(() => clearTimeout(timer));
        if (answer.status !== 401 || again) return answer;
        await renewed(used);
      }
    },

    // last calls the host when the page goes: nobody is there for the answer.
    last(path, init) {
      fetch(path, { ...init, headers: { ...init.headers, Authorization: 'Bearer ' + token }, keepalive: true }).catch(() => {});
    },
  };
}
