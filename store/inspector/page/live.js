// Follows the page: when the server says that it has changed, it is asked for
// again, and its parts are put in place of those that differ. All of it is the
// server's HTML, in which names are text.

const live = document.getElementById('live');
const news = document.getElementById('news');

function say(state, text) {
	live.dataset.state = state;
	if (live.textContent !== text) live.textContent = text;
}

// kept is what a reader has opened, ticked and focused in a part.
function kept(part) {
	return {
		open: [...part.querySelectorAll('details[open][id]')].map(e => e.id),
		ticked: [...part.querySelectorAll('input[name=id]:checked')].map(e => e.value),
		focus: part.contains(document.activeElement) ? document.activeElement : null,
	};
}

function restore(part, was) {
	for (const e of part.querySelectorAll('details[id]')) if (was.open.includes(e.id)) e.open = true;
	for (const e of part.querySelectorAll('input[name=id]')) if (was.ticked.includes(e.value)) e.checked = true;
	if (!was.focus) return;
	const same = [...part.querySelectorAll(was.focus.tagName)].find(e => alike(e, was.focus));
	same?.focus({preventScroll: true});
}

function alike(a, b) {
	if (a.id || b.id) return a.id === b.id;
	return ['href', 'name', 'value', 'aria-label'].every(n => a.getAttribute(n) === b.getAttribute(n)) && a.closest('[id]')?.id === b.closest('[id]')?.id;
}

// tell says what is new to who does not see it.
function tell(before) {
	const now = [...document.querySelectorAll('[data-news]')].map(e => e.dataset.news);
	const fresh = now.slice(before);
	if (fresh.length) news.textContent = 'New: ' + fresh.join(', ');
}

let busy = false, again = false;

async function refresh() {
	if (busy) { again = true; return; }
	busy = true;
	try {
		const answer = await fetch(location.href, {headers: {Accept: 'text/html'}, credentials: 'same-origin'});
		if (!answer.ok) throw new Error(answer.status);
		const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
		const before = document.querySelectorAll('[data-news]').length;
		for (const part of document.querySelectorAll('[data-part]')) {
			const next = page.querySelector(`[data-part="${part.dataset.part}"]`);
			if (!next || next.innerHTML === part.dataset.was) continue;
			const was = kept(part);
			part.dataset.was = next.innerHTML;
			part.replaceChildren(...next.childNodes);
			restore(part, was);
		}
		document.body.dataset.state = page.body.dataset.state;
		offerAll();
		tell(before);
		say('on', 'Live');
	} catch {
		say('off', 'Not live: what is shown may be old');
	}
	busy = false;
	if (again) { again = false; refresh(); }
}

// offerAll shows the box that ticks all others, which works with scripts alone.
function offerAll() {
	for (const all of document.querySelectorAll('[data-all]')) {
		all.closest('label').hidden = false;
		all.onchange = () => { for (const e of all.form.querySelectorAll('input[name=id]')) e.checked = all.checked; };
	}
}

for (const part of document.querySelectorAll('[data-part]')) part.dataset.was = part.innerHTML;
offerAll();
const stream = new EventSource(document.body.dataset.live);
stream.addEventListener('changed', e => {
	say('on', 'Live');
	if (e.data !== document.body.dataset.state) refresh();
});
stream.onopen = () => say('on', 'Live');
stream.onerror = () => say('off', 'Not live: what is shown may be old');
