// The panel: everything that the agent sees. All of it is set as text, whatever
// names and titles hold.
import { timeline } from './timeline.js';

export function newPanel(document, texts, lang) {
  const find = id => document.getElementById(id);
  const link = find('link');
  const trouble = find('trouble');
  const [what, detail, button] = trouble.children;
  const cards = new Map(); // by conversation
  const clock = new Intl.DateTimeFormat(lang, { timeStyle: 'short' });
  let connection = 'starting';
  let host = 'ok';
  let stream = 'up';
  let wrong = ''; // what is wrong

  document.documentElement.lang = lang;
  find('conversations').setAttribute('aria-label', texts.conversations);

  // set writes a text where it has changed: a screen reader says it again else.
  const set = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = !text;
  };
  const element = (tag, name, ...children) => {
    const e = document.createElement(tag);
    e.className = name;
    e.append(...children);
    return e;
  };
  const showLink = () => {
    const state = host === 'silent' || stream === 'silent' ? 'host-silent' : connection;
    link.dataset.state = state;
    set(link.firstElementChild, texts.link[state]);
  };

  showLink();

  const open = id => {
    if (cards.has(id)) return cards.get(id);
    const card = {
      title: element('a', 'title'), status: element('p', 'status'),
      owner: element('p', 'owner'), people: element('ol', 'timeline'), note: element('p', 'note'),
    };
    card.owner.setAttribute('aria-live', 'polite');
    card.people.setAttribute('aria-label', texts.participants);
    const heading = element('h2', '', card.title);
    heading.id = 'case-' + crypto.randomUUID();
    card.root = element('article', 'card', heading, card.status, card.owner, card.people, card.note);
    card.root.setAttribute('aria-labelledby', heading.id);
    set(card.title, '…'); // nobody has said yet whether there is a case
    for (const e of [card.status, card.owner, card.note]) e.hidden = true;
    cards.set(id, card);
    find('conversations').append(card.root);
    return card;
  };

  const note = card => set(card.note, card.unknown ? texts.unknown : card.stranger ? texts.notYours : card.unreadable ? texts.unreadable : '');

  const entry = p => {
    const name = p.mine ? texts.you : p.name;
    const times = p.since ? clock.format(p.since) + (p.until ? ' – ' + clock.format(p.until) : '') : '';
    const state = [texts.media[p.medium], texts.states[p.state]].filter(Boolean).join(', ');
    return element('li', p.state === 'over' ? 'over' : 'live',
      element('span', 'who', [texts.purposes[p.purpose] ?? p.purpose, name].filter(Boolean).join(': ')),
      element('span', 'when', times), element('span', 'state', state));
  };

  return {
    open,
    close(id) {
      cards.get(id)?.root.remove();
      cards.delete(id);
    },
    connection(state) {
      connection = state;
      if (!wrong) showLink();
    },
    host(state) {
      host = state;
      if (state === 'ok' && (wrong === 'denied' || wrong === 'misunderstood')) this.trouble('');
      else if (!wrong) showLink();
    },

    // stream is for what the host tells, as host is for what it is told.
    stream(state) {
      stream = state;
      if (!wrong) showLink();
    },

    // admitted takes back that the agent is not let in.
    admitted() {
      if (wrong === 'denied') this.trouble('');
    },

    // trouble says what the agent or the administrator can do; '': nothing is wrong.
    trouble(kind, why) {
      wrong = kind;
      trouble.hidden = !kind;
      button.hidden = true;
      set(what, texts.trouble[kind] ?? '');
      set(detail, typeof why === 'string' ? why : '');
      if (kind) link.dataset.state = 'trouble';
      else showLink();
      if (kind) set(link.firstElementChild, texts.link.trouble);
    },
    // ask shows a button, and returns what act gives once it is pressed.
    ask(why, act) {
      this.trouble(why);
      set(button, texts.button[why] ?? texts.button.login);
      return new Promise(done => { button.onclick = () => done(act()); });
    },

    conversation(id, conversation, me) {
      const card = open(id);
      card.unreadable = false;
      note(card);
      card.people.replaceChildren(...timeline(conversation, me).map(entry));
    },
    unreadable(id) {
      const card = open(id);
      card.unreadable = !card.people.children.length;
      note(card);
    },
    told({ conversationId, unknown, takesPart, case: is }, me) {
      const card = open(conversationId);
      Object.assign(card, { unknown, stranger: unknown ? card.stranger : !takesPart });
      note(card);
      if (unknown) return; // what is shown is what was known last
      set(card.title, is ? is.title || texts.case + ' ' + is.id : takesPart ? texts.noCase : '…');
      if (is && /^https?:\/\//.test(is.url ?? '')) Object.assign(card.title, { href: is.url, target: '_blank', rel: 'noopener noreferrer' });
      else card.title.removeAttribute('href');
      set(card.status, is ? [is.title && is.id, is.status].filter(Boolean).join(' · ') : '');
      set(card.owner, is?.owner || is?.ownerId ? texts.owner + ': ' + (me && is.ownerId === me ? texts.you : is.owner || is.ownerId) : '');
      card.root.classList.toggle('mine', Boolean(me) && is?.ownerId === me);
    },
  };
}
