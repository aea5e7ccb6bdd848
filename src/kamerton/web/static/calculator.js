// A calculator for arithmetic: reads the expression itself, for a page under a strict policy runs no text as a program.

const box = document.querySelector("[data-calculator]");
const field = box?.querySelector("[data-expression]");
const result = box?.querySelector("[data-result]");

/** The value of an expression with + − × / ( ) and %, or null where it is none. */
export function value(text) {
  const tokens = text.replace(/\s/g, "").replace(/,/g, ".").replace(/[×хx·]/gi, "*").replace(/[÷:]/g, "/").replace(/[−–]/g, "-")
    .match(/\d+(\.\d*)?|\.\d+|[-+*/()%]|./g) ?? [];
  let place = 0;
  const take = (sign) => tokens[place] === sign && ++place;
  function sum() {
    let left = product();
    for (;;) {
      if (take("+")) left += product();
      else if (take("-")) left -= product();
      else return left;
    }
  }
  function product() {
    let left = part();
    for (;;) {
      if (take("*")) left *= part();
      else if (take("/")) left /= part();
      else return left;
    }
  }
  function part() {
    if (take("-")) return -part();
    if (take("(")) {
      const inner = sum();
      return take(")") ? percent(inner) : NaN;
    }
    const number = Number(tokens[place++]);
    return percent(number);
  }
  const percent = (number) => (take("%") ? number / 100 : number);
  const found = tokens.length ? sum() : NaN;
  return place === tokens.length && Number.isFinite(found) ? Number(found.toPrecision(12)) : null;
}

if (box) {
  box.hidden = false;
  const lang = document.documentElement.lang;
  field.addEventListener("input", () => {
    const found = value(field.value);
    result.textContent = found === null ? "" : `= ${found.toLocaleString(lang, { maximumFractionDigits: 10 })}`;
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
