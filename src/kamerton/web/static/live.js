// The proctor's table renews itself; ticks and what is being typed stay as they are.
const EVERY = 10000; // ms: soon enough to walk over to somebody, rare enough for a hall of hundreds
const at = document.querySelector("[data-live-at]");
let last = at?.textContent ?? "";

async function renew() {
  if (document.hidden) return;
  let page = null;
  try {
    const reply = await fetch(location.href, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(8000) });
    if (reply.ok) page = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch { /* said below */ }
  const next = page?.querySelector("[data-live]");
  const here = document.querySelector("[data-live]");
  const stamp = page?.querySelector("[data-live-at]");
  if (!stamp) {
    at.textContent = at.dataset.lost.replace("{at}", last.match(/\d+:\d+:\d+/)?.[0] ?? "");
    at.classList.add("doubt");
    return;
  }
  at.classList.remove("doubt");
  at.textContent = last = stamp.textContent;
  if (Boolean(next) !== Boolean(here)) { location.reload(); return; }
  if (!here) return;
  const ticked = new Set([...here.querySelectorAll("input:checked")].map((box) => box.value));
  const held = here.contains(document.activeElement) ? document.activeElement : null;
  const mark = held?.value ? `input[value="${held.value}"]` : held?.getAttribute("href") ? `a[href="${held.getAttribute("href")}"]` : "";
  here.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
  for (const box of here.querySelectorAll("input[type=checkbox]")) box.checked = ticked.has(box.value);
  if (mark) here.querySelector(mark)?.focus();
}
if (at) setInterval(renew, EVERY);
