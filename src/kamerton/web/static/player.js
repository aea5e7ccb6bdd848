// The candidate's player. The form works without this file; with it an answer goes to the server within a second.
// Promise: an entry is written to the device before it is sent, and "saved" is shown only after the server's reply.

import { call as callPlain, Desk, Store } from "./queue.js";

const TYPING_PAUSE = 500; // ms: with the request itself still within a second of the last key
const SYNC_EVERY = 30000; // ms: clock and take-over are asked for this often while nothing else is sent

const $ = (selector, scope = document) => scope.querySelector(selector);
const $$ = (selector, scope = document) => [...scope.querySelectorAll(selector)];
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const csrf = () => $("input[name=csrfmiddlewaretoken]")?.value ?? "";

const call = (url, options = {}) =>
  callPlain(url, { ...options, headers: { Accept: "application/json", "X-CSRFToken": csrf(), ...options.headers } });
const post = (url, data) =>
  call(url, { method: "POST", body: JSON.stringify(data), headers: { "Content-Type": "application/json" } });

// ---------------------------------------------------------------- what the fields of one item say, and back
const chosen = (box, end) => $(`input[name$="-${end}"]:checked`, box)?.value ?? "";

function places(box) {
  const rows = $$("[data-code]", box).map((row) => ({ code: row.dataset.code, place: Number($("select", row).value) }));
  const set = rows.filter((row) => row.place);
  return { rows, isComplete: set.length === rows.length, isEmpty: set.length === 0 };
}

/** The response of an item, or null while it cannot be an answer yet (an order with free places). */
function read(box) {
  switch (box.dataset.type) {
    case "single": case "table_row": return { choice: chosen(box, "choice") };
    case "likert": return { step: chosen(box, "step") };
    case "multiple": return { choices: $$("input[type=checkbox]:checked", box).map((input) => input.value) };
    case "numeric": return { number: $("input[type=text]", box).value };
    case "short_text": return { text: $("textarea", box).value };
    case "range": return Object.fromEntries($$("[data-end]", box).map((i) => [i.dataset.end, i.value]));
    case "map": {
      const places = $$("[data-place]", box).map((row) => [row.dataset.place, $$("select", row).map((s) => s.value)]);
      if (places.some(([, [p, s]]) => !p !== !s)) return null;
      return { places: Object.fromEntries(places.filter(([, [p]]) => p).map(([code, axes]) => [code, axes.join(":")])) };
    }
    case "best_worst": return { best: chosen(box, "best"), worst: chosen(box, "worst") };
    case "match":
      return { pairs: Object.fromEntries($$("select", box).map((s) => [s.dataset.left, s.value])) };
    case "order": {
      const { rows, isComplete, isEmpty } = places(box);
      if (isEmpty) return { order: [] };
      return isComplete ? { order: rows.sort((a, b) => a.place - b.place).map((row) => row.code) } : null;
    }
  }
  return null;
}

function write(box, response) {
  const pick = (end, value) => $$(`input[name$="-${end}"]`, box).forEach((input) => { input.checked = input.value === value; });
  switch (box.dataset.type) {
    case "single": case "table_row": pick("choice", response.choice); break;
    case "likert": pick("step", response.step); break;
    case "multiple": $$("input[type=checkbox]", box).forEach((i) => { i.checked = (response.choices ?? []).includes(i.value); }); break;
    case "numeric": $("input[type=text]", box).value = response.number ?? ""; break;
    case "short_text": $("textarea", box).value = response.text ?? ""; break;
    case "range": $$("[data-end]", box).forEach((i) => { i.value = response[i.dataset.end] ?? ""; }); break;
    case "map": $$("[data-place]", box).forEach((row) => {
      const axes = (response.places?.[row.dataset.place] ?? ":").split(":");
      $$("select", row).forEach((s, k) => { s.value = axes[k]; });
    }); break;
    case "best_worst": pick("best", response.best); pick("worst", response.worst); break;
    case "match": $$("select", box).forEach((s) => { s.value = response.pairs?.[s.dataset.left] ?? ""; }); break;
    case "order": {
      const list = $("[data-order]", box);
      (response.order ?? []).forEach((code, place) => {
        const row = $$("[data-code]", list).find((r) => r.dataset.code === code);
        if (row) { list.append(row); $("select", row).value = String(place + 1); }
      });
    }
  }
}

// ---------------------------------------------------------------- the player itself
class Player {
  constructor(root) {
    this.root = root;
    this.text = root.dataset;
    this.desk = new Desk({
      sitting: this.text.sitting, epoch: Number(this.text.epoch), seq: Number(this.text.seq), post,
      urls: { answer: this.text.answerUrl, takeOver: this.text.takeOverUrl },
      local: new Store(() => localStorage), session: new Store(() => sessionStorage),
      hooks: {
        saved: (entry, body) => this.onSaved(entry, body), refused: (entry, body) => this.onRefused(entry, body),
        changed: () => this.show(), yielding: () => this.collect(), yielded: () => this.onYielded(),
      },
    });
    this.form = $("#answers");
    this.boxes = $$("[data-item]");
    this.sent = new Map(); // item → last response handed to the queue, as JSON
    this.timers = new Map();
    this.isLeaving = this.isOver = false;
    this.setClock(Number(root.dataset.remaining), Date.parse(root.dataset.now));
  }

  start() {
    this.restore();
    this.boxes.forEach((box) => { this.sent.set(box, JSON.stringify(read(box))); enhance(box, this); });
    if (!$("[data-takeover]").hidden) this.desk.yieldTo();
    this.listen();
    this.tick();
    setInterval(() => this.tick(), 1000);
    setInterval(() => { if (!document.hidden) this.sync(); }, SYNC_EVERY);
    this.show();
    this.flush();
    performance.mark("kamerton-ready");
  }

  /** Answers still on the device are newer than what the server drew, unless another tab has answered since. */
  restore() {
    for (const entry of this.desk.queue.all()) {
      const box = this.boxes.find((b) => Number(b.dataset.item) === entry.n);
      if (!box) continue;
      const [epoch, seq] = [Number(box.dataset.answerEpoch), Number(box.dataset.answerSeq)];
      if (entry.epoch > epoch || (entry.epoch === epoch && entry.seq > seq)) write(box, entry.response);
    }
  }

  listen() {
    this.boxes.forEach((box) => {
      box.addEventListener("input", (event) => {
        const isTyping = event.target.matches("input[type=text], textarea");
        this.later(box, isTyping ? TYPING_PAUSE : 0);
      });
      box.addEventListener("change", () => this.later(box, 0));
    });
    this.form?.addEventListener("submit", (event) => { event.preventDefault(); this.go(event.submitter); });
    const finish = $("#finish");
    finish?.addEventListener("submit", (event) => { event.preventDefault(); this.finish(finish); });
    addEventListener("online", () => { this.desk.sender.failures = 0; this.flush(); });
    addEventListener("offline", () => this.show());
    addEventListener("pagehide", () => this.collect());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.collect(); else this.sync(); this.flush(); });
    addEventListener("beforeunload", (event) => {
      this.collect();
      if (!this.isLeaving && this.desk.queue.all().length) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => this.tell(document.hidden ? "focus_lost" : "focus_back"));
    this.boxes.forEach((box) => box.addEventListener("paste", () => this.tell("paste", Number(box.dataset.item))));
    $$("[data-leaves]").forEach((button) => button.form.addEventListener("submit", () => { this.isLeaving = true; }));
    addEventListener("storage", (event) => {
      if (event.key === this.desk.holderKey && Number(event.newValue) > this.desk.epoch) this.desk.yieldTo();
    });
    $("[data-export]")?.addEventListener("click", () => this.exportQueue());
  }

  /** Another tab or device holds the sitting now. */
  onYielded() {
    this.boxes.forEach((box) => { box.disabled = true; });
    $("[data-takeover]").hidden = false;
    $("[data-takeover] form").addEventListener("submit", () => {
      this.isLeaving = true;
      this.desk.session.drop(this.desk.epochKey);
    });
  }

  // ---- taking answers from the page
  later(box, pause) {
    clearTimeout(this.timers.get(box));
    if (pause) this.timers.set(box, setTimeout(() => { this.take(box); this.flush(); }, pause));
    else { this.take(box); this.flush(); }
    if (pause && JSON.stringify(read(box)) !== this.sent.get(box)) this.show(this.text.tSaving);
  }
  take(box) {
    clearTimeout(this.timers.get(box));
    if (this.desk.isReadOnly) return;
    const response = read(box);
    const partial = $("[data-partial]", box);
    partial.hidden = response !== null;
    partial.textContent = response === null ? this.text.tPartial : "";
    if (response === null || JSON.stringify(response) === this.sent.get(box)) return;
    this.sent.set(box, JSON.stringify(response));
    this.desk.give(Number(box.dataset.item), response, new Date(this.serverNow()));
    this.show();
  }
  collect() { this.boxes.forEach((box) => this.take(box)); }

  // ---- sending
  flush() { return this.desk.flush(); }
  onSaved(entry, body) {
    this.savedAt = new Date(body.saved_at);
    this.setClock(body.remaining);
    if (body.late) this.problem(this.text.tLate);
    else if (!body.counts) this.problem(this.text.tElsewhere);
    this.markList(entry.n, body.answered);
    if (body.paused && $("#answers")) setTimeout(() => this.stand());
    this.show();
  }
  onRefused(entry, body) {
    this.refused = [...(this.refused ?? []), entry];
    this.problem(`${this.text.tRefused}. ${body.message}`);
  }

  // ---- moving on
  async go(button) {
    this.collect();
    await this.flush();
    if (this.desk.queue.all().length && this.desk.sender.lastStatus === 0) { this.show(); return; }
    const data = new FormData(this.form);
    data.set("go", button?.value || "next");
    const { status, body } = await call(this.form.action, { method: "POST", body: new URLSearchParams(data) });
    if (status === 200 && body?.next) { this.isLeaving = true; location.assign(body.next); return; }
    if (body?.taken_over) { this.desk.yieldTo(); return; }
    this.desk.sender.lastStatus = status;
    if (body?.problems) this.problem(body.problems.join(" "));
    else if (body?.message) this.problem(body.message);
    this.desk.sender.failures ||= 1;
    this.show(null, true);
  }
  async finish(form) {
    await this.flush();
    if (this.desk.queue.all().length) { this.show(); return; }
    const { status, body } = await call(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    this.desk.sender.lastStatus = status;
    if (status === 200 && body?.next) { this.isLeaving = true; location.assign(body.next); return; }
    if (body?.refused === "items_missing") { this.isLeaving = true; location.reload(); return; }
    if (body?.message) this.problem(body.message);
    this.show(null, true);
  }

  // ---- the clock is the server's
  setClock(remaining, now) {
    this.clockSet = performance.now();
    this.remaining = remaining;
    if (now) { this.serverBase = now; this.serverSet = this.clockSet; }
  }
  serverNow() { return this.serverBase + (performance.now() - this.serverSet); }
  left() { return Math.max(0, Math.floor(this.remaining - (performance.now() - this.clockSet) / 1000)); }
  tick() {
    const left = this.left();
    const clock = $("[data-clock]");
    if (clock) {
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("short", left <= 300);
    }
    if (this.lastLeft > 300 && left <= 300 && left > 60) this.announce(this.text.tFive);
    if (this.lastLeft > 60 && left <= 60 && left > 0) this.announce(this.text.tOne);
    this.lastLeft = left;
    if (left === 0 && !this.isOver) this.timeUp();
    if (this.desk.sender.failures && this.desk.queue.all().length) this.show();
  }
  async timeUp() {
    this.isOver = true;
    this.collect();
    this.boxes.forEach((box) => { box.disabled = true; });
    this.announce(this.text.tOver);
    this.problem(`${this.text.tOver}. ${this.text.tOverMore}`);
    await this.flush();
    const close = async () => {
      if (this.desk.queue.all().length) return false;
      const { status, body } = await this.ask();
      if (status !== 200) return false;
      if (body.remaining > 0 && !body.finished) { this.isLeaving = true; location.reload(); return true; } // time was added
      this.isLeaving = true;
      location.assign(this.text.finishUrl);
      return true;
    };
    const finish = $("#finish");
    if (finish) {
      if (!$("input[name=reason]", finish)) { this.isLeaving = true; location.reload(); }
      return;
    }
    if (await close()) return;
    const again = setInterval(async () => { if (await close()) clearInterval(again); }, 3000);
  }
  /** A line of the log that the candidate was told of; whether it arrives decides nothing. */
  tell(kind, n) {
    call(this.text.eventUrl, { method: "POST", keepalive: true, body: JSON.stringify({ sitting: this.text.sitting, kind, n }), headers: { "Content-Type": "application/json" } });
  }
  /** The clock stands: what was given is sent, then the items go out of sight. */
  async stand() {
    this.collect();
    if (this.desk.queue.all().length) await this.flush();
    if (!this.desk.queue.all().length) { this.isLeaving = true; location.reload(); }
  }
  ask() { return call(`${this.text.stateUrl}?sitting=${this.text.sitting}`); }
  async sync() {
    const { status, body } = await this.ask();
    if (status !== 200) return;
    this.setClock(body.remaining, Date.parse(body.now));
    if (body.finished && !this.desk.queue.all().length) { this.isLeaving = true; location.assign(this.text.finishUrl); return; }
    if (body.epoch > this.desk.epoch) this.desk.yieldTo();
    else if (body.paused && $("#answers")) this.stand();
  }

  // ---- what the person sees
  show(busy = null, isFailed = false) {
    const field = $("input[name=epoch]", this.form ?? document);
    if (field) field.value = String(this.desk.epoch);
    const waiting = new Set(this.desk.queue.all().map((entry) => entry.n)).size; // answers, not states of one
    const saved = $("[data-saved]"), unsaved = $("[data-unsaved]"), nothing = $("[data-unanswered]");
    if (saved) {
      if (this.savedAt) $("[data-saved-text]").textContent = fill(this.text.tSaved, { time: this.savedAt.toLocaleTimeString("ru", { hour12: false }) });
      const isSaved = !waiting && !busy && $("[data-saved-text]").textContent !== "";
      saved.hidden = !isSaved;
      unsaved.hidden = !(waiting || busy);
      nothing.hidden = isSaved || !unsaved.hidden;
      const seconds = Math.max(0, Math.ceil(((this.desk.sender.nextTry ?? 0) - performance.now()) / 1000));
      unsaved.textContent = busy && !this.desk.sender.failures ? busy
        : !this.desk.sender.failures ? this.text.tSaving
        : fill(seconds ? this.text.tUnsaved : this.text.tUnsavedNow, { n: waiting, s: seconds });
      unsaved.classList.toggle("calm", !this.desk.sender.failures);
    }
    const isSessionLost = [401, 403].includes(this.desk.sender.lastStatus);
    const banner = $("[data-banner]");
    const isShown = waiting > 0 ? this.desk.sender.failures > 0 || !navigator.onLine || !this.desk.queue.isDurable : isFailed && this.desk.sender.lastStatus === 0;
    const more = !this.desk.queue.isDurable ? this.text.tMemory : isSessionLost ? this.text.tSessionMore : this.text.tOfflineMore;
    if (banner.hidden === isShown) banner.hidden = !isShown;
    if (isShown) {
      put($("[data-banner-title]"), fill(isSessionLost ? this.text.tSession : this.text.tOffline, { n: waiting }));
      put($("[data-banner-text]"), more);
      $("[data-export]").hidden = !waiting;
    }
  }
  problem(text) {
    const place = $("[data-problem]");
    if (place) { place.hidden = !text; put(place, text); }
  }
  announce(text) { put($("[data-announce]"), text); }
  markList(n, isAnswered) { $(`[data-list="${n}"]`)?.classList.toggle("answered", isAnswered); }
  exportQueue() {
    const data = { sitting: this.text.sitting, answers: [...this.desk.queue.all(), ...(this.refused ?? [])] };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
    link.download = `answers-${this.text.sitting.slice(0, 8)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

/** Writes only what differs: a live region repeats itself otherwise. */
function put(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

// ---------------------------------------------------------------- small helps on top of native controls
function enhance(box, player) {
  if (box.dataset.type === "best_worst") {
    box.addEventListener("change", (event) => {
      const other = event.target.name.endsWith("-best") ? "worst" : "best";
      $$(`input[name$="-${other}"]`, box).forEach((input) => { if (input.value === event.target.value) input.checked = false; });
    }, true);
  }
  if (box.dataset.type === "short_text") {
    const area = $("textarea", box), counter = $("[data-counter]", box);
    const count = () => { counter.textContent = fill(player.text.tLeft, { n: area.maxLength - area.value.length }); };
    area.addEventListener("input", count);
    count();
  }
  if (box.dataset.type === "order") enhanceOrder(box, player);
}

function enhanceOrder(box, player) {
  const list = $("[data-order]", box), asIs = $("[data-as-is]", box);
  const rows = () => $$("[data-code]", list);
  const number = () => rows().forEach((row, place) => { $("select", row).value = String(place + 1); });
  const changed = () => { asIs.hidden = places(box).isComplete; player.later(box, 0); };
  asIs.hidden = places(box).isComplete;
  asIs.addEventListener("click", () => { number(); changed(); });
  $$("[data-up], [data-down]", list).forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const row = button.closest("[data-code]");
      const next = button.matches("[data-up]") ? row.previousElementSibling : row.nextElementSibling;
      if (!next) return;
      if (button.matches("[data-up]")) next.before(row); else next.after(row);
      number();
      button.focus();
      player.announce(fill(player.text.tMoved, { n: rows().indexOf(row) + 1, k: rows().length }));
      changed();
    });
  });
  $$("select", list).forEach((select) => {
    let before = select.value;
    select.addEventListener("focus", () => { before = select.value; });
    select.addEventListener("change", () => {
      // A place has one line: whoever stood there moves to the place that became free.
      const taken = $$("select", list).find((other) => other !== select && other.value && other.value === select.value);
      if (taken) taken.value = before;
      before = select.value;
      if (places(box).isComplete) {
        rows().sort((a, b) => Number($("select", a).value) - Number($("select", b).value)).forEach((row) => list.append(row));
        select.focus();
      }
      changed();
    }, true);
  });
}

const seen = $("[data-seen-url]");
if (seen && !document.hidden) call(seen.dataset.seenUrl, { method: "POST" });
const paused = $("[data-paused]");
if (paused) {
  const look = async () => {
    const { status, body } = await call(`${paused.dataset.stateUrl}?sitting=${paused.dataset.paused}`);
    if (status === 200 && !body.paused) location.reload();
  };
  setInterval(look, 5000);
}
const root = $("[data-player]");
if (root) new Player(root).start();
