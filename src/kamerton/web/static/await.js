// A page that waits for the exercise to be opened: it asks now and then, and reloads when there is something to begin.

const page = document.querySelector("[data-await]");
if (page) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const reply = await fetch(page.dataset.await, { headers: { Accept: "application/json" } });
      if (reply.ok && (await reply.json()).open > Number(page.dataset.open)) location.assign(page.dataset.go);
    } catch { /* no network: the next question may get through */ }
  }, 5000);
}
