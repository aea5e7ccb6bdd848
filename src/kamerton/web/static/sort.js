// Digits place a card: 1 is the first competency on the page. Buttons work without this file.

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
  const button = document.querySelectorAll(".sort-targets button")[Number(event.key) - 1];
  if (button) { event.preventDefault(); button.click(); }
});
