// What the panel shows of a conversation as Genesys Cloud's API and its topics
// have it.

const media = { calls: 'call', callbacks: 'callback', chats: 'chat', emails: 'email', messages: 'message', videos: 'video' };

// timeline returns the participants in the order in which they joined.
export function timeline(conversation, me) {
  return list(conversation.participants).map(p => {
    const legs = Object.keys(media).flatMap(kind => list(p[kind]).map(leg => ({ ...leg, kind: media[kind] })));
    const leg = legs.findLast(l => !over(l)) ?? legs.at(-1);
    return {
      purpose: text(p.purpose),
      name: text(p.name) || text(p.participantName),
      mine: Boolean(me) && p.userId === me,
      medium: leg?.kind ?? '',
      state: stateOf(p, leg),
      since: time(leg?.connectedTime) ?? time(p.connectedTime) ?? time(p.startTime),
      until: time(p.endTime) ?? (leg && over(leg) ? time(leg.disconnectedTime) : null),
    };
  }).sort((a, b) => (a.since ?? Infinity) - (b.since ?? Infinity));
}

// isOver reports whether the agent has nothing to do with it any more.
export function isOver(conversation, me) {
  const mine = list(conversation.participants).filter(p => p.userId === me);
  return mine.length > 0 && mine.every(p => p.endTime);
}

function stateOf(p, leg) {
  if (p.endTime || !leg) return p.endTime ? 'over' : '';
  if (over(leg)) return leg.afterCallWorkRequired || p.wrapupRequired ? 'wrapup' : 'over';
  if (leg.held) return 'held';
  return ['alerting', 'dialing', 'connected'].includes(leg.state) ? leg.state : '';
}

const over = leg => leg.state === 'disconnected' || leg.state === 'terminated';
const list = value => Array.isArray(value) ? value.filter(v => v && typeof v === 'object') : [];
const text = value => typeof value === 'string' ? value : '';
const time = value => Number.isNaN(Date.parse(value)) ? null : Date.parse(value);
