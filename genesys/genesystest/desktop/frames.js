// Frames are the client apps that are alive, each in a sandbox of its own, and
// what is said between them and the desktop by postMessage.
'use strict';

const protocol = 'purecloud-client-apps';
const mostAlive = 10; // of interaction widgets

class Frames {
  #panel; #said; #alive = new Map(); #shown = '';

  constructor(panel, said) {
    this.#panel = panel;
    this.#said = said;
    addEventListener('message', message => this.#hear(message));
  }

  // show opens the app under the key, or shows it again.
  show(key, app, context) {
    if (this.#shown && this.#shown !== key) this.#tell(this.#shown, 'blur');
    if (!this.#alive.has(key)) this.#open(key, app, context);
    this.#shown = key;
    for (const [other, { element }] of this.#alive) element.classList.toggle('shown', other === key);
    this.#tell(key, 'focus');
  }

  hide() {
    if (this.#shown) this.#tell(this.#shown, 'blur');
    this.#alive.get(this.#shown)?.element.classList.remove('shown');
    this.#shown = '';
  }

  // close tells the app to stop and lets it have some time for that.
  close(key) {
    const frame = this.#alive.get(key);
    if (!frame || frame.stopping) return;
    frame.stopping = setTimeout(() => this.#remove(key), 5000);
    this.#tell(key, 'stop');
  }

  keys() { return [...this.#alive.keys()]; }

  #open(key, app, context) {
    const element = document.createElement('iframe');
    element.title = app.name;
    element.setAttribute('sandbox', app.sandbox.replaceAll(',', ' '));
    element.src = interpolate(app.url, context);
    const frame = { element, origin: new URL(element.src).origin };
    element.addEventListener('load', () => { // also when it comes back from a login
      frame.loaded = true;
      this.#tell(key, 'bootstrap');
      if (this.#shown === key) this.#tell(key, 'focus');
    });
    this.#alive.set(key, frame);
    this.#panel.append(element);
    const oldest = this.keys().find(k => !this.#alive.get(k).stopping);
    if (this.#alive.size > mostAlive) this.close(oldest);
  }

  #remove(key) {
    const frame = this.#alive.get(key);
    if (!frame) return;
    clearTimeout(frame.stopping);
    frame.element.remove();
    this.#alive.delete(key);
    if (this.#shown === key) this.#shown = '';
  }

  #tell(key, hook) {
    const frame = this.#alive.get(key);
    if (frame?.loaded) frame.element.contentWindow.postMessage({ purecloudEventType: 'appLifecycleHook', hook, protocol }, frame.origin);
  }

  #hear({ source, origin, data }) {
    const [key, frame] = [...this.#alive].find(([, f]) => f.element.contentWindow === source) ?? [];
    if (!frame || origin !== frame.origin || data?.protocol !== protocol) return;
    const item = document.createElement('li');
    item.dataset.action = data.action;
    item.textContent = data.action + (data.count === undefined ? '' : ` ${data.count}`);
    this.#said.append(item);
    if (data.action === 'stopped' && frame.stopping) this.#remove(key);
    if (data.action === 'showToast') {
      document.getElementById('toast').textContent = [data.title, data.message].filter(Boolean).join(': ');
    }
  }
}

// interpolate replaces the placeholders of an app's URL.
function interpolate(url, context) {
  return url.replace(/\{\{(\w+)\}\}/g, (whole, name) => name in context ? encodeURIComponent(context[name]) : '');
}
