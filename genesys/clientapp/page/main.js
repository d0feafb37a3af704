// The bridge page: it tells the host when something happens to the agent's
// conversations, and shows the agent the case. What it does, and how it speaks
// with the host, is in the documentation of the Go package clientapp.
import { handOver, newSession } from './login.js';
import { newConnection } from './connection.js';
import { newReporter } from './report.js';
import { newPanel } from './panel.js';
import { language, textsOf } from './text.js';
import { isOver } from './timeline.js';

const params = new URLSearchParams(location.search);
const param = (...names) => names.map(n => params.get(n)).find(v => v && !v.startsWith('{{')) || '';
const only = param('gcConversationId', 'pcConversationId'); // empty: all of the agent's own
const isID = text => /^(?!\.{1,2}$)[^\s\p{C}\uFFFD"'<>\\/?#&{}$,]+$/u.test(text) && new TextEncoder().encode(text).length <= 128; // as the host sees it

if (!handOver()) start();

function start() {
  const lang = language(param('gcLangTag', 'pcLangTag'), navigator.languages);
  const panel = newPanel(document, textsOf(lang), lang);
  run(panel).catch(() => panel.trouble('sdk'));
}

async function run(panel) {
  if (origin === 'null') return panel.trouble('sandbox');
  if (!isSecureContext) return panel.trouble('insecure');
  if (only && !isID(only)) return panel.trouble('misunderstood'); // all pages share what is asked of the host
  const config = await load(panel);
  await parsed();
  const platform = typeof require === 'function' && require('platformClient');
  if (!platform || !self.purecloud?.apps?.ClientApp) return panel.trouble('sdk');

  const client = platform.ApiClient.instance;
  client.setReturnExtendedResponses(true); // so that a refusal tells its status
  if (config.gateway) client.setGateway(config.gateway);
  else client.setEnvironment(config.domain);
  const desktop = joinDesktop(config);
  const session = newSession(config, client, panel, new platform.UsersApi());
  const me = await session.begin();
  if (me) follow({ config, platform, session, panel, desktop, me });
}

// follow tells the host of the conversations until the desktop stops the page.
function follow({ config, platform, session, panel, desktop, me }) {
  const conversations = new platform.ConversationsApi();
  const shown = new Set();
  const heard = new Map(); // how many events of each
  const told = is => shown.has(is.conversationId) && panel.told(is, me.id);
  const report = newReporter({ config, session, panel, told });
  let state = 'down';
  let again = setTimeout(look, 3000); // though no page leads
  let looking = false;
  let anew = false; // a look is wanted
  let stopped = false;

  const show = id => {
    if (shown.has(id)) return;
    shown.add(id);
    panel.open(id);
    connection.want([...shown]);
  };
  const saw = (kind, id, body, conversation) => {
    report(kind, id, body);
    if (!only && conversation && isOver(conversation, me.id)) {
      if (!shown.delete(id)) return;
      panel.close(id);
      return connection.want([...shown]);
    }
    show(id);
    if (conversation) panel.conversation(id, conversation, me.id);
  };
  const snapshot = async id => {
    const before = heard.get(id);
    const answer = await session.api(() => conversations.getConversation(id)).catch(e => e);
    if (heard.get(id) !== before) return report('hint', id); // the answer may be older than the event that is shown
    if (answer?.status === 200 && answer.body?.id === id) return saw('snapshot', id, answer.body, answer.body);
    if (answer?.status === 403) panel.unreadable(id);
    saw('hint', id); // that something happened is worth telling all the same
  };
  const read = async () => {
    if (only) return snapshot(only);
    const answer = await session.api(() => conversations.getConversations()).catch(() => null);
    const ids = (answer?.body?.entities ?? []).map(c => c.id);
    await Promise.all([...new Set([...ids, ...shown])].map(snapshot));
  };
  const plan = () => {
    clearTimeout(again);
    if (!stopped) again = setTimeout(look, state === 'up' ? rarely : often);
  };
  // look reads, and once more when it is called meanwhile: what is being read may be
  // older than the reason. One that waits for a login stands for all.
  async function look() {
    plan();
    anew = true;
    if (looking) return;
    looking = true;
    try {
      while (anew) {
        anew = false;
        await read();
      }
    } finally {
      looking = false;
    }
  }

  const connection = newConnection({
    name: `clientapp ${config.clientId} ${me.id}`,
    topic: `v2.users.${me.id}.conversations`,
    notifications: new platform.NotificationsApi(),
    session,
    onState(is) {
      const was = state;
      panel.connection(state = is);
      if (is !== 'down') look(); // what happened before is in no event
      else if (was !== 'down') plan(); // and what happens now is in none
    },
    onEvent(message) {
      const c = message.eventBody;
      if (!c?.id || only && c.id !== only) return;
      heard.set(c.id, (heard.get(c.id) ?? 0) + 1);
      saw('event', c.id, message, c);
    },
    onCase: told,
    onStream: is => panel.stream(is),
    onDenied: detail => panel.trouble('denied', detail),
    onAdmitted: () => panel.admitted(),
  });
  if (only) show(only);
  connection.start();
  desktop.onFocus(look);
  desktop.onStop(async () => {
    stopped = true;
    clearTimeout(again);
    connection.stop();
    await report.flush(2000);
  });
}

// How often the page looks by itself: a channel can be deaf, and say nothing.
const rarely = 600000;
const often = 60000; // when no events come

// joinDesktop says to Genesys's desktop that the page is there. Which desktop it
// is, is one of those that the host names: the address of the page can only
// choose among them.
function joinDesktop(config) {
  if (parent === self) return { onFocus() {}, onStop() {} };
  const named = param('gcHostOrigin');
  const pcOrigin = config.embedders.includes(named) ? named : config.embedders[0];
  const { lifecycle } = new purecloud.apps.ClientApp({ pcOrigin });
  lifecycle.addBootstrapListener(() => lifecycle.bootstrapped());
  lifecycle.bootstrapped();
  return {
    onFocus: look => lifecycle.addFocusListener(look),
    onStop: end => lifecycle.addStopListener(async () => {
      await end();
      lifecycle.stopped();
    }),
  };
}

// load reads the settings of the host, however long that takes.
async function load(panel) {
  for (let pause = 500; ; pause = Math.min(2 * pause, 30000)) {
    const answer = await fetch('config.json').catch(() => null);
    const settings = answer?.ok && await answer.json().catch(() => null); // else it is not the host that answers
    if (settings?.clientId) return settings;
    panel.host('silent');
    await new Promise(done => setTimeout(done, pause));
  }
}

// parsed is when the SDKs have run, or failed to load.
function parsed() {
  if (document.readyState === 'complete') return Promise.resolve();
  return new Promise(done => addEventListener('DOMContentLoaded', done, { once: true }));
}
