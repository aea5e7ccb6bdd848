// Candidates without a page: the browser's own queue code, told by lines of JSON what to do; replies by lines of JSON.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const source = readFileSync(process.argv[2]);
const { call, Desk, Store } = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const FASTER = 10; // a candidate without a page need not wait as long as a person's device would
const BACKOFF = [1, 2, 4].map((seconds) => seconds / FASTER / 2);
const TIMEOUT = 8000 / FASTER;

class Storage { // what localStorage is to a page
  constructor() { this.map = new Map(); }
  get length() { return this.map.size; }
  key(i) { return [...this.map.keys()][i] ?? null; }
  getItem(key) { return this.map.get(key) ?? null; }
  setItem(key, value) { this.map.set(key, String(value)); }
  removeItem(key) { this.map.delete(key); }
}
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const devices = new Map(); // id → Storage, outliving the tabs
const tabs = new Map();

const commands = {
  async open({ tab, device, port, cookie, csrf, sitting, session }) {
    const url = `http://127.0.0.1:${port}`;
    const headers = { Cookie: `kamerton_candidate=${cookie}; csrftoken=${csrf}`, "X-CSRFToken": csrf, Origin: url, Referer: `${url}/` };
    let page = null;
    try {
      const reply = await fetch(`${url}/sitting/item/1/`, { headers, signal: AbortSignal.timeout(5000) });
      page = await reply.text();
    } catch { return { ok: false }; }
    const number = (name) => Number(page.match(new RegExp(`data-${name}="(\\d+)"`))?.[1]);
    if (!page.includes(sitting)) return { ok: false };
    if (!devices.has(device)) devices.set(device, new Storage());
    const kept = session ? tabs.get(tab).session : new Storage();
    const post = (path, data) => call(url + path, {
      method: "POST", body: JSON.stringify(data), headers: { ...headers, Accept: "application/json", "Content-Type": "application/json" },
    }, TIMEOUT);
    const local = devices.get(device);
    const state = { session: kept, url, headers, base: Date.parse(page.match(/data-now="([^"]+)"/)[1]), set: performance.now() };
    state.desk = new Desk({
      sitting, epoch: number("epoch"), seq: number("seq"), post, backoff: BACKOFF,
      urls: { answer: "/sitting/answer/", takeOver: "/sitting/take-over/" },
      local: new Store(() => local), session: new Store(() => kept),
      hooks: {
        saved: (entry, body) => say({ event: "ack", sitting, entry, body }),
        refused: (entry, body) => say({ event: "refused", sitting, entry, body }),
        changed() {}, yielded() {},
      },
    });
    tabs.set(tab, state);
    await state.desk.hold();
    state.desk.flush();
    return { ok: true, epoch: state.desk.epoch };
  },
  async give({ tab, n, response }) {
    const { desk, base, set } = tabs.get(tab);
    const entry = desk.give(n, response, new Date(base + performance.now() - set));
    desk.flush();
    return { entry, epoch: desk.epoch };
  },
  async kick({ tab }) { const { desk } = tabs.get(tab); desk.sender.failures = 0; desk.flush(); return {}; },
  async state({ tab }) {
    const { desk } = tabs.get(tab);
    return { waiting: desk.queue.all().length, isReadOnly: desk.isReadOnly, epoch: desk.epoch };
  },
  async sync({ tab, sitting }) {
    const { desk, url, headers } = tabs.get(tab);
    const { status, body } = await call(`${url}/sitting/state/?sitting=${sitting}`, { headers }, TIMEOUT);
    if (status === 200 && body.epoch > desk.epoch) desk.yieldTo();
    return { ok: status === 200 };
  },
  async close({ tab }) { tabs.get(tab).desk.sender.stop(); return {}; },
  async clock({ hours }) { const real = Date.now; Date.now = () => real() + hours * 3600e3; return {}; },
  async finish({ tab }) {
    const { desk, url, headers } = tabs.get(tab);
    await desk.flush();
    if (desk.queue.all().length) return { ok: false };
    const { status, body } = await call(`${url}/sitting/finish/`, {
      method: "POST", headers: { ...headers, Accept: "application/json" }, body: new URLSearchParams({ confirm: "1" }),
    }, TIMEOUT);
    return { ok: status === 200 && Boolean(body?.next) };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  commands[command.do](command).then(
    (reply) => say({ id: command.id, ...reply }), (fault) => say({ id: command.id, fault: String(fault?.stack ?? fault) }));
}
