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

const old = 'Not live: what is shown may be old';
let busy = false, again = false, later = 0, silence = 0, stream;
let unread = false; // the server says that it cannot read the page
let left = false; // nothing is shown any more, and nothing asked for

// refresh shows the page as it is now. What fails is tried again.
async function refresh() {
	if (left) return;
	if (busy) { again = true; return; }
	busy = true;
	clearTimeout(later);
	try {
		await load();
	} catch {
		say('off', old);
		later = setTimeout(refresh, 10000);
	}
	busy = false;
	if (again) { again = false; refresh(); }
}

async function load() {
	const answer = await fetch(location.href, {headers: {Accept: 'text/html'}, credentials: 'same-origin', signal: AbortSignal.timeout(20000)});
	const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
	const refusal = page.querySelector('#main:has([role=alert])'); // the inspector's own: a 404 of a proxy says nothing
	if ([401, 403].includes(answer.status) || answer.status === 404 && refusal) return leave(refusal);
	if (!answer.ok || !page.querySelector('[data-part]')) throw new Error(answer.status);
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
	if (!unread && stream?.readyState === EventSource.OPEN) say('on', 'Live');
}

// leave shows why there is nothing to see any more: the conversation was forgotten,
// or the reader has lost the right. Nothing of what was shown stays, and nothing more
// is asked for: each time, the browser could ask the reader for a password.
function leave(refusal) {
	left = true;
	clearTimeout(later);
	clearTimeout(silence);
	stream?.close();
	document.getElementById('main').replaceChildren(...refusal?.childNodes ?? ['This cannot be shown any more.']);
	say('off', 'Not live');
}

// offerAll shows the box that ticks all others, which works with scripts alone.
function offerAll() {
	for (const all of document.querySelectorAll('[data-all]')) {
		all.closest('label').hidden = false;
		all.onchange = () => { for (const e of all.form.querySelectorAll('input[name=id]')) e.checked = all.checked; };
	}
}

document.addEventListener('visibilitychange', () => {
	if (left) return;
	if (document.visibilityState !== 'hidden') return refresh().then(follow);
	clearTimeout(silence);
	stream?.close();
	say('off', old);
});

for (const part of document.querySelectorAll('[data-part]')) part.dataset.was = part.innerHTML;
offerAll();
follow();

// follow listens to the page's stream. A browser listens anew by itself, but not
// after an answer that is no stream: as of a server that starts, or is busy. A page
// that nobody sees is not followed: without HTTP/2 a browser has six connections to a
// server, for all of its tabs.
function follow() {
	if (left || document.visibilityState === 'hidden') return;
	stream?.close();
	stream = new EventSource(document.body.dataset.live);
	heard();
	for (const event of ['changed', 'unread', 'gone', 'here']) stream.addEventListener(event, heard);
	stream.addEventListener('changed', e => {
		unread = false;
		if (e.data === document.body.dataset.state) say('on', 'Live');
		else refresh();
	});
	stream.addEventListener('unread', () => { unread = true; say('off', old); });
	stream.addEventListener('gone', refresh);
	stream.onerror = () => {
		if (left) return;
		say('off', old);
		if (stream.readyState === EventSource.CLOSED) setTimeout(() => refresh().then(follow), 10000);
	};
}

// heard gives up a stream on which nothing is heard any more: nobody tells the browser
// that the path to the server is dead, or that the server hangs.
function heard() {
	clearTimeout(silence);
	silence = setTimeout(() => { say('off', old); follow(); }, 45000);
}
