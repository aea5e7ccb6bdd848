// The picture of a stakeholder map: drawn anew from the two lists of each person. The lists are the answer; this is a view
// of them, so it is hidden from a screen reader, which has read the lists already.

const POWER = [3, 2, 1], STANCE = [-2, -1, 0, 1, 2];

for (const map of document.querySelectorAll("[data-map]")) {
  const people = [...map.parentElement.querySelectorAll("[data-place]")];
  const make = (className, text = "") => Object.assign(document.createElement("span"), { className, textContent: text });
  const draw = () => {
    const cells = POWER.flatMap((power) => [
      make("axis", power === 3 ? `${map.dataset.power} ↑` : ""),
      ...STANCE.map((stance) => {
        const cell = make("cell");
        people.forEach((person, place) => {
          const [p, s] = ["power", "stance"].map((axis) => person.querySelector(`[data-axis=${axis}]`).value);
          if (p && s && Number(p) === power && Number(s) === stance) cell.append(make("dot", String(place + 1)));
        });
        return cell;
      }),
    ]);
    const foot = [make("axis"), make("axis", map.dataset.against), make("axis"), make("axis", "0"), make("axis"), make("axis", map.dataset.for)];
    map.replaceChildren(...cells, ...foot);
  };
  map.hidden = false;
  map.setAttribute("aria-hidden", "true");
  map.parentElement.addEventListener("change", draw);
  draw();
}
