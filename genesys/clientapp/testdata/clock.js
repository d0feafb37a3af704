// Virtual time for the parts of the page: timers run when time passes.
let now = Date.now();
let timers = [];
let last = 0;

globalThis.setTimeout = (act, ms = 0, ...args) => {
  timers.push({ id: ++last, at: now + Math.max(0, ms), act: () => act(...args) });
  return last;
};
globalThis.setInterval = (act, ms) => {
  const id = ++last;
  const plan = () => timers.push({ id, at: now + ms, act: () => { plan(); act(); } });
  plan();
  return id;
};
globalThis.clearTimeout = globalThis.clearInterval = id => { timers = timers.filter(t => t.id !== id); };
Date.now = () => now;

// idle waits until nothing happens any more but time.
export const idle = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

// pass lets time pass.
export async function pass(ms) {
  await idle();
  for (const end = now + ms; ; ) {
    const next = timers.filter(t => t.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
    if (!next) {
      now = end;
      return;
    }
    timers.splice(timers.indexOf(next), 1);
    now = next.at;
    next.act();
    await idle();
  }
}
