// What the candidate gives, on its way to the server: no page, no fields, so that it runs wherever its promise is tested.
// Promise: an entry is written to the device before it is sent and leaves it only after the server's reply. One key an
// entry, one epoch a tab; the newest epoch holds the sitting.

export const SEND_TIMEOUT = 8000; // ms: a dropped reply otherwise hangs until the browser gives up, minutes later
export const BACKOFF = [1, 2, 4, 8, 15, 30]; // s: quick after a hiccup, gentle with a server that is down
const FINAL = ["sitting_over", "malformed_response", "uuid_reused", "invalid_input", "item_elsewhere", "not_found"];

export function uuid() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // plain http in an intranet has no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** fetch with an end: status 0 where nothing came back in time, body null where it was not JSON. */
export async function call(url, options = {}, timeout = SEND_TIMEOUT) {
  const stop = new AbortController();
  const alarm = setTimeout(() => stop.abort(), timeout);
  try {
    const reply = await fetch(url, { credentials: "same-origin", cache: "no-store", signal: stop.signal, ...options });
    if (reply.type === "opaqueredirect") return { status: 401, body: null }; // sent to the sign-in page
    const body = await reply.text(); // a reply cut off in its middle is no reply
    let read = null;
    try { read = JSON.parse(body); } catch { /* a page, not an answer */ }
    return { status: reply.status, body: read };
  } catch {
    return { status: 0, body: null };
  } finally {
    clearTimeout(alarm);
  }
}

/** Storage that a browser may refuse, as a whole or entry by entry. */
export class Store {
  constructor(open) { this.open = open; }
  read(key) { try { return this.open().getItem(key); } catch { return null; } }
  write(key, value) { try { this.open().setItem(key, value); return true; } catch { return false; } }
  drop(key) { try { this.open().removeItem(key); } catch { /* nothing was kept */ } }
  keys(prefix) {
    try {
      const store = this.open();
      return Array.from({ length: store.length }, (_, i) => store.key(i)).filter((key) => key?.startsWith(prefix));
    } catch { return []; }
  }
}

/** Entries on their way, one key each: safe between the tabs of a device. */
export class Queue {
  constructor(prefix, store, order) {
    Object.assign(this, { prefix, store, order });
    this.memory = new Map(); // only what the device would not keep
  }
  get isDurable() { return this.memory.size === 0; }
  put(entry) {
    if (this.store.write(this.prefix + entry.uuid, JSON.stringify(entry))) this.memory.delete(entry.uuid);
    else this.memory.set(entry.uuid, entry);
  }
  remove(id) { this.memory.delete(id); this.store.drop(this.prefix + id); }
  all() {
    const kept = this.store.keys(this.prefix).map((key) => {
      try { return JSON.parse(this.store.read(key)); } catch { return null; } // not ours to repair
    });
    return [...this.memory.values(), ...kept].filter((entry) => entry?.uuid).sort(this.order);
  }
}

/** Sends what stands in a queue, one after the other, and asks again after a failure. */
export class Sender {
  constructor({ queue, post, isFinal, onSaved, onRefused, onChange, before = async () => true, backoff = BACKOFF }) {
    Object.assign(this, { queue, post, isFinal, onSaved, onRefused, onChange, before, backoff });
    this.failures = 0;
    this.lastStatus = 200;
    this.nextTry = 0;
  }
  flush() {
    clearTimeout(this.timer);
    this.sending ??= this.drain().finally(() => { this.sending = null; this.onChange(); });
    return this.sending;
  }
  async drain() {
    if (!(await this.before())) { this.wait(); return; }
    for (;;) {
      const entry = this.queue.all()[0];
      if (!entry || this.isStopped) return;
      if (!entry.tried) { entry.tried = true; this.queue.put(entry); }
      const { status, body } = await this.post(entry);
      if (this.isStopped) return;
      this.lastStatus = status;
      if (status === 200 && body && (!body.uuid || body.uuid === entry.uuid)) {
        this.queue.remove(entry.uuid);
        this.failures = 0;
        this.onSaved(entry, body);
      } else if (this.isFinal(status, body)) {
        this.onRefused(entry, body);
        this.queue.remove(entry.uuid); // or it would block all that follow
      } else { this.wait(); return; }
    }
  }
  wait() {
    const seconds = this.backoff[Math.min(this.failures, this.backoff.length - 1)] * (0.8 + 0.4 * Math.random());
    this.failures += 1;
    this.nextTry = performance.now() + seconds * 1000;
    this.timer = setTimeout(() => this.flush(), seconds * 1000);
    this.onChange();
  }
  stop() { this.isStopped = true; clearTimeout(this.timer); }
}

/** One tab at one sitting: its epoch, its queue, what it may still give. */
export class Desk {
  /** `post(url, data)` replies {status, body}; `local` and `session` are Stores; hooks: saved, refused, changed, yielded. */
  constructor({ sitting, epoch, seq, urls, post, local, session, hooks, backoff }) {
    Object.assign(this, { sitting, epoch, urls, post, local, session, hooks, floor: seq, lastSeq: 0, isReadOnly: false, isHeld: false });
    this.early = new Set(); // given before this tab knew its epoch
    this.seqKey = `kamerton.seq.${sitting}`;
    this.holderKey = `kamerton.holder.${sitting}`;
    this.epochKey = `kamerton.epoch.${sitting}`;
    this.queue = new Queue(`kamerton.queue.${sitting}.`, local, (a, b) => a.epoch - b.epoch || a.seq - b.seq);
    this.sender = new Sender({
      queue: this.queue, backoff, before: async () => this.isReadOnly || this.hold(),
      post: (entry) => post(urls.answer, entry),
      isFinal: (status, body) => status >= 400 && status < 500 && FINAL.includes(body?.refused),
      onSaved: (entry, body) => { hooks.saved(entry, body); if (body.epoch > this.epoch) this.yieldTo(); },
      onRefused: (entry, body) => {
        local.write(`kamerton.refused.${sitting}.${entry.uuid}`, JSON.stringify(entry)); // not lost: kept beside the queue
        hooks.refused(entry, body);
      },
      onChange: () => hooks.changed(),
    });
  }

  nextSeq() {
    this.lastSeq = Math.max(Number(this.local.read(this.seqKey)) || 0, this.floor, this.lastSeq) + 1;
    this.local.write(this.seqKey, String(this.lastSeq));
    return this.lastSeq;
  }

  /** A response of item `n`, on the device before anything else happens; null from a tab that may not answer. */
  give(n, response, at) {
    if (this.isReadOnly) return null;
    const entry = {
      sitting: this.sitting, n, uuid: uuid(), seq: this.nextSeq(), epoch: this.epoch, client_at: at.toISOString(), response,
    };
    if (!this.isHeld) this.early.add(entry.uuid);
    this.queue.put(entry);
    // An older state that was never sent need not travel; one that was may have arrived, so it keeps its uuid.
    for (const old of this.queue.all()) {
      if (old.n === n && !old.tried && old.epoch === entry.epoch && old.seq < entry.seq) this.queue.remove(old.uuid);
    }
    return entry;
  }
  flush() { return this.sender.flush(); }

  /**
   * Make this tab the holder: at once where it was before a reload, else by a new epoch. Nothing is sent before: two
   * tabs under one epoch would leave the order of their answers to chance. False: ask again later.
   */
  async hold() {
    if (this.isHeld) return true;
    const mine = Number(this.session.read(this.epochKey));
    if (mine && mine < this.epoch) { this.yieldTo(); return true; }
    if (mine === this.epoch) { this.setEpoch(mine); return true; }
    const { status, body } = await this.post(this.urls.takeOver, { sitting: this.sitting });
    if (status === 200) this.setEpoch(body.epoch);
    else if (FINAL.includes(body?.refused)) this.isHeld = true; // over: what is left goes out under the page's epoch
    return this.isHeld;
  }
  setEpoch(epoch) {
    this.isHeld = true;
    this.epoch = epoch;
    for (const entry of this.queue.all()) {
      if (this.early.has(entry.uuid) && entry.epoch !== epoch) this.queue.put({ ...entry, epoch });
    }
    this.early.clear();
    this.session.write(this.epochKey, String(epoch));
    this.local.write(this.holderKey, String(epoch));
    this.hooks.changed();
  }
  yieldTo() {
    if (this.isReadOnly) return;
    this.hooks.yielding?.(); // the last chance to give what stands in the fields
    this.isReadOnly = true;
    this.hooks.yielded();
    this.flush();
  }
}
