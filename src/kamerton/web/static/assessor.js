// The assessor's sheet. The page works without this file; with it notes and ratings go to the server without a reload,
// and wait on the device while there is no network. Promise: an entry is written to the device before it is sent, and
// "saved" is shown only after the server's reply.

import { call, Queue, Sender, Store, uuid as newUuid } from "./queue.js";

const $ = (selector, scope = document) => scope.querySelector(selector);
const $$ = (selector, scope = document) => [...scope.querySelectorAll(selector)];
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const mark = (second) => `${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}`;

const store = new Store(() => localStorage);

// ------------------------------------------------------------------------------------------------ the clock
const timer = $("#timer");
const clock = {
  base: timer?.dataset.elapsed === undefined ? null : Number(timer.dataset.elapsed),
  at: Date.now(),
  get elapsed() { return this.base === null ? null : this.base + Math.max(0, Math.floor((Date.now() - this.at) / 1000)); },
  set(elapsed) { if (elapsed !== null && elapsed !== undefined) { this.base = elapsed; this.at = Date.now(); } },
};

let followed = null; // the line of the script that the frame was last moved to

function tick() {
  const elapsed = clock.elapsed;
  if (elapsed === null) return;
  const limit = Number(timer.dataset.limit);
  $("#timer-mark").textContent = mark(elapsed);
  timer.classList.toggle("over", elapsed > limit);
  const over = $("#sheet")?.dataset.wordOver;
  if (over && elapsed > limit) $("#timer-limit").textContent = fill(over, { mark: mark(elapsed - limit) });
  const now = $("#course-now");
  if (now) for (const end of ["x1", "x2"]) now.setAttribute(end, `${Math.min(100, (100 * elapsed) / limit)}%`);
  for (const phase of $$("#course .phase, .phase-line span")) {
    phase.classList.toggle("on", Number(phase.dataset.start) <= elapsed && elapsed < Number(phase.dataset.end));
  }
  for (const trigger of $$("#course .trigger")) trigger.classList.toggle("past", Number(trigger.dataset.second) <= elapsed);
  const lines = $$("#script > li");
  const next = lines.find((line) => Number(line.dataset.second) > elapsed);
  for (const line of lines) {
    line.classList.toggle("past", Number(line.dataset.second) <= elapsed);
    line.classList.toggle("next", line === next);
  }
  // The frame follows the clock, once a line; a hand that scrolls it away is left alone until the next line.
  if (next && next !== followed) {
    followed = next;
    const frame = $("#script-frame");
    frame.scrollTop = next.offsetTop - (next.previousElementSibling?.offsetHeight ?? 0);
  }
}
if (timer) {
  tick();
  setInterval(tick, 1000);
}

// ------------------------------------------------------------------------------------------------ ticks of the script
const scriptKey = `kamerton.script.${location.pathname}`;
const ticked = new Set((store.read(scriptKey) ?? "").split(",").filter(Boolean));
for (const box of $$("[data-tick]")) {
  box.checked = ticked.has(box.dataset.tick);
  box.addEventListener("change", () => {
    if (box.checked) ticked.add(box.dataset.tick);
    else ticked.delete(box.dataset.tick);
    store.write(scriptKey, [...ticked].join(","));
  });
}

// ------------------------------------------------------------------------------------------------ the sheet
const sheet = $("#sheet");
if (sheet) startSheet();

function startSheet() {
  const words = sheet.dataset;
  const draftKey = `kamerton.draft.${words.appointment}`;
  const sections = $$(".rate", sheet);
  let server = null; // the last reply
  let problem = ""; // "sign-in", or what the server refused
  let lastOrder = Date.now();

  // --- entries on their way, in the order they were made
  const queue = new Queue(`kamerton.sheet.${words.appointment}.`, store, (a, b) => a.order - b.order);
  const entries = () => queue.all();
  const sender = new Sender({
    queue,
    post: (entry) => call(entry.kind === "note" ? words.notesUrl : words.ratingsUrl, {
      method: "POST", redirect: "manual",
      headers: { Accept: "application/json", "X-CSRFToken": $("input[name=csrfmiddlewaretoken]")?.value ?? "" },
      body: new URLSearchParams({ uuid: entry.uuid, ...entry.fields }),
    }),
    isFinal: (status, body) => Boolean(body?.refused) && status !== 401,
    onSaved: (entry, body) => {
      problem = "";
      server = body;
      clock.set(server.elapsed);
      saved(entry);
    },
    // A refusal will not change by itself: show why, keep the words in the field, stop asking.
    onRefused: (entry, body) => refused(entry, body.message),
    onChange: () => {
      problem = [401, 403].includes(sender.lastStatus) ? "sign-in" : problem === "sign-in" ? "" : problem;
      paint();
    },
  });
  const send = () => sender.flush();
  const keep = (entry) => {
    lastOrder = Math.max(Date.now(), lastOrder + 1);
    entry.order = lastOrder;
    queue.put(entry);
    sender.failures = 0;
    paint();
    send();
  };

  // --- what the page says
  function paint() {
    const waiting = entries();
    const line = $("#saved");
    const text = $("#saved-words");
    if (waiting.length) {
      const word = problem === "sign-in" ? words.wordSignIn : !queue.isDurable ? words.wordMemory : words.wordUnsaved;
      line.classList.add("off");
      $("#saved-tick").toggleAttribute("hidden", true);
      if (sender.failures || problem) text.textContent = fill(word, { n: waiting.length });
    } else {
      line.classList.remove("off");
      if (server) {
        $("#saved-tick").toggleAttribute("hidden", false);
        text.textContent = fill(words.wordSaved, { notes: server.notes, at: server.saved_at });
        $("#rated-words").textContent = fill(words.wordRated, { rated: server.rated, total: sections.length });
      }
    }
    const isComplete = sections.every((section) => $("input[name=level]:checked", section));
    $("#submit-sheet")?.classList.toggle("primary", isComplete);
    $("#next-competency")?.classList.toggle("primary", !isComplete);
    for (const item of $$(".note-line.pending", sheet)) {
      $(".note-state", item).textContent = waiting.some((e) => e.uuid === item.dataset.uuid) ? words.wordPending : "";
    }
  }

  function saved(entry) {
    if (entry.kind === "note") {
      const item = $(`#note-list [data-uuid="${entry.uuid}"]`);
      item?.classList.remove("pending");
      if (item) $(".note-state", item)?.remove();
    } else if (!entries().some((e) => e.kind === "rating" && e.fields.competency === entry.fields.competency)) {
      state(entry.fields.competency, fill(words.wordLevelSaved, { at: server.saved_at.slice(0, 5) }), false);
    }
    paint();
  }

  function refused(entry, why) {
    const message = fill(words.wordRefused, { why });
    if (entry.kind === "note") {
      $(`#note-list [data-uuid="${entry.uuid}"]`)?.remove();
      for (const item of $$(`.support-list [data-uuid="${entry.uuid}"]`)) item.remove();
      const field = $("#note-text");
      if (!field.value) field.value = entry.fields.text;
      let line = $("#note-refused");
      if (!line) {
        line = Object.assign(document.createElement("p"), { id: "note-refused", className: "error-text" });
        line.setAttribute("role", "alert");
        $(".note-entry").after(line);
      }
      line.textContent = message;
    } else {
      state(entry.fields.competency, message, true);
    }
  }

  function state(code, text, isUnsaved) {
    const line = $(`#rate-${code} .rate-state`);
    line.textContent = text;
    line.classList.toggle("doubt", isUnsaved);
    line.classList.toggle("dim", !isUnsaved);
  }

  // --- notes
  const noteForm = $("#note-form");
  const noteText = $("#note-text");
  let heardAt = null; // the second at which the first letter was typed: that is when it was said
  if (noteForm) {
    const draft = store.read(draftKey);
    if (draft && !noteText.value) noteText.value = draft;
    noteText.addEventListener("input", () => {
      if (!noteText.value) heardAt = null;
      else heardAt ??= clock.elapsed;
      store.write(draftKey, noteText.value);
    });
    noteText.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) noteForm.requestSubmit();
    });
    noteForm.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter;
      const value = button?.value ?? "";
      const text = noteText.value.trim();
      if (!text && !value) {
        noteText.focus();
        return;
      }
      $("#note-refused")?.remove();
      const entry = {
        kind: "note", uuid: newUuid(), competency: button?.dataset.competency ?? "", short: button?.dataset.short ?? "",
        fields: { mark: value, text, second: String(heardAt ?? clock.elapsed ?? 0) },
      };
      noteText.value = "";
      heardAt = null;
      store.drop(draftKey);
      show(entry);
      keep(entry);
      if (matchMedia("(pointer: fine)").matches) noteText.focus();
    });
  }

  function show(entry) {
    if ($(`#note-list [data-uuid="${entry.uuid}"]`)) return;
    const sign = entry.fields.mark.slice(-1);
    const item = $("#note-template").content.firstElementChild.cloneNode(true);
    item.dataset.uuid = entry.uuid;
    item.classList.add("pending");
    $(".note-mark", item).textContent = mark(Number(entry.fields.second));
    if (sign) {
      const hidden = Object.assign(document.createElement("span"), { className: "hidden-text" });
      hidden.textContent = sign === "+" ? words.wordPlus : words.wordMinus;
      $(".sign", item).classList.add(sign === "+" ? "plus" : "minus");
      $(".sign", item).append(sign === "+" ? "+" : "−", hidden);
    }
    const head = $(".note-head", item);
    if (entry.competency) {
      const code = document.createElement("b");
      code.textContent = entry.competency;
      head.append(code, ` ${entry.short}`);
    } else head.remove();
    if (entry.fields.text) $(".note-words", item).textContent = entry.fields.text;
    else $(".note-words", item).remove();
    $("#note-list").prepend(item);
    $("#no-notes").hidden = true;
    const list = entry.competency && $(`[data-support="${entry.competency}"]`);
    if (list) {
      const line = document.createElement("li");
      const at = Object.assign(document.createElement("span"), { className: "n dim" });
      at.textContent = mark(Number(entry.fields.second));
      line.dataset.uuid = entry.uuid;
      line.append(at, ` ${sign === "+" ? "+" : "−"} ${entry.fields.text || entry.short}`);
      list.append(line);
      warn(list.closest(".rate"));
    }
  }

  // --- ratings
  function warn(section) {
    if (!$(".no-support", section)) return; // the answer to a question: its notes stand with its competency
    const level = $("input[name=level]:checked", section)?.value;
    const hasNotes = Boolean($(".support-list li", section));
    $(".no-support", section).hidden = hasNotes;
    $(".unsupported", section).hidden = hasNotes || !["1", "5"].includes(level);
  }

  for (const section of sections) {
    const code = section.dataset.competency;
    section.addEventListener("change", (event) => {
      if (event.target.name !== "level") return;
      const level = event.target.value;
      // Only the newest choice needs to travel.
      for (const e of entries()) if (e.kind === "rating" && e.fields.competency === code && !e.tried) queue.remove(e.uuid);
      $(`[data-tab-level="${code}"]`).textContent = level === "not_observed" ? words.wordNotObserved : level;
      state(code, words.wordPending, true);
      for (const place of $$(`[data-answer-level="${code}"]`)) place.textContent = level === "not_observed" ? words.wordNotObserved : level;
      warn(section);
      keep({ kind: "rating", uuid: newUuid(), fields: { competency: code, level } });
    });
    section.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-5]$/.test(event.key)) return;
      const wanted = event.key === "0" ? "not_observed" : event.key;
      const radio = $(`input[value="${wanted}"]`, section);
      event.preventDefault();
      radio.focus();
      radio.click();
    });
    $("form", section).addEventListener("submit", (event) => event.preventDefault());
  }

  // One competency at a time; without this file all stand below each other.
  sheet.classList.add("is-scripted");
  const next = $("#next-competency");
  function open(code, focus) {
    const index = Math.max(0, sections.findIndex((section) => section.dataset.competency === code));
    sections.forEach((section, k) => { section.hidden = k !== index; });
    for (const tab of $$("[data-tab]")) {
      if (tab.dataset.tab === sections[index].dataset.competency) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    const following = sections[index + 1]?.dataset.competency;
    if (next) {
      next.hidden = !following;
      next.textContent = following ? fill(words.wordNext, { code: following }) : "";
      next.href = `#rate-${following ?? ""}`;
    }
    if (focus) {
      sections[index].focus({ preventScroll: true });
      $("#ratings").scrollIntoView({ block: "start", behavior: "auto" });
    }
  }
  const coded = (hash) => (hash.startsWith("#rate-") ? hash.slice(6) : "");
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#rate-"]');
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    open(coded(link.hash), true);
  });
  open(coded(location.hash), Boolean(coded(location.hash)));

  // --- submitting waits for what is on its way
  $("#submit-form")?.addEventListener("submit", (event) => {
    const waiting = entries().length;
    if (!waiting) return;
    event.preventDefault();
    $("#saved").classList.add("off");
    $("#saved-words").textContent = fill(words.wordWait, { n: waiting });
    send();
  });

  // --- what an earlier visit left behind
  for (const entry of entries()) {
    if (entry.kind === "note") show(entry);
    else {
      const radio = $(`#rate-${entry.fields.competency} input[value="${entry.fields.level}"]`);
      if (radio) {
        radio.checked = true;
        $(`[data-tab-level="${entry.fields.competency}"]`).textContent =
          entry.fields.level === "not_observed" ? words.wordNotObserved : entry.fields.level;
        state(entry.fields.competency, words.wordPending, true);
        warn(radio.closest(".rate"));
      }
    }
  }
  if (matchMedia("(max-width: 640px)").matches) $$(".chip-group").slice(1).forEach((group) => group.removeAttribute("open"));
  addEventListener("online", () => { sender.failures = 0; send(); });
  addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); send(); } });
  addEventListener("beforeunload", (event) => { if (!queue.isDurable) event.preventDefault(); });
  if (entries().length) { sender.failures = 1; paint(); send(); }
}
