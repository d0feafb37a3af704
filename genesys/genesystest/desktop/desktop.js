// The desktop of one agent: his interactions, and the client apps beside them.
// Its address may say ?user=…, ?conversation=… to be opened at once, ?lang=….
'use strict';

(async () => {
  const at = id => document.getElementById(id);
  const asked = new URLSearchParams(location.search);
  const call = async (path, method = 'GET') => {
    const answer = await fetch(path, { method });
    return answer.headers.get('Content-Type')?.startsWith('application/json') ? answer.json() : null;
  };
  const { agents, apps, user } = await call('settings');
  const widgets = apps.filter(app => !app.standalone);
  const frames = new Frames(at('panel'), at('said'));
  let chosen = asked.get('conversation') ?? '';

  for (const { id, name } of agents) at('agent').add(new Option(name, id));
  at('agent').value = asked.get('user') || user || agents[0]?.id;
  if (asked.has('lang')) at('language').value = asked.get('lang');
  const query = () => `user=${encodeURIComponent(at('agent').value)}`;
  if (at('agent').value !== user) await call(`session?${query()}`, 'POST');

  // what Genesys puts in the place of the placeholders; of the older ones as well
  const context = (id, media) => ({
    gcConversationId: id, pcConversationId: id, gcInteractionId: id, gcInteractionType: media, gcWorkitemId: '',
    gcHostOrigin: location.origin, gcTargetEnv: 'prod', pcEnvironment: 'mypurecloud.com', pcUsePopupAuth: 'false',
    gcLangTag: at('language').value, pcLangTag: at('language').value,
  });

  const choose = (id, media) => {
    chosen = id;
    if (widgets.length === 0) frames.hide();
    for (const [i, app] of widgets.entries()) frames.show(`${id} ${i}`, app, context(id, media));
    refresh();
  };

  const button = (text, pressed, act) => {
    const item = document.createElement('li'), b = document.createElement('button');
    b.textContent = text;
    b.setAttribute('aria-pressed', pressed);
    b.addEventListener('click', act);
    item.append(b);
    return item;
  };

  let shown = '';
  const here = new Set(); // interactions that have come to the agent
  const refresh = async () => {
    const all = await call(`interactions?${query()}`).catch(() => []);
    const now = JSON.stringify([all, chosen]);
    for (const b of [at('transfer'), at('disconnect')]) b.disabled = !all.some(i => i.id === chosen);
    if (now === shown) return;
    shown = now;
    at('interactions').replaceChildren(...all.map(i => {
      const item = button(`${i.media}, ${i.state}`, i.id === chosen, () => choose(i.id, i.media));
      item.dataset.conversation = i.id;
      return item;
    }));
    for (const { id } of all) here.add(id);
    for (const key of frames.keys()) { // what has not come yet is not over
      const id = key.split(' ')[0];
      if (here.has(id) && !all.some(i => i.id === id)) frames.close(key);
    }
    // One that was just started is there when it alerts.
    const first = all.find(i => i.id === chosen);
    if (first && !frames.keys().includes(`${chosen} 0`)) choose(first.id, first.media);
  };

  at('agent').addEventListener('change', () => location.search = query());
  at('language').addEventListener('change', () => location.search = `${query()}&lang=${at('language').value}`);
  at('start').addEventListener('submit', async event => {
    event.preventDefault();
    chosen = (await call(`interactions?${query()}&media=${at('media').value}`, 'POST')).id;
  });
  for (const act of ['transfer', 'disconnect']) {
    at(act).addEventListener('click', async () => {
      await call(`interactions/${encodeURIComponent(chosen)}/${act}?${query()}`, 'POST');
      refresh();
    });
  }
  at('apps').append(...apps.filter(app => app.standalone).map(app =>
    button(app.name, false, () => frames.show(`app ${app.name}`, app, context('', '')))));

  refresh();
  setInterval(refresh, 500);
})();
