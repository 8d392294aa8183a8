// Entries side by side: their pictures, their numbers, and which of them can be told apart. The numbers and verdicts are in
// a script beside the page, which is asked for when somebody compares; the address keeps which entries these are.
"use strict";

const MOST = 4; // entries side by side
const picked = new Set(); // the keys of entries
const rowsOf = new Map(); // key: its row
let dialog = null;
let known = null; // what the script beside the page has brought

function element(tag, options = {}, ...inner) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") made.textContent = value;
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...inner.filter((one) => one !== null));
  return made;
}

// ----- choosing: a box in every row, and a bar that says what is chosen

// The mean of several seeds stands before them and has the page of the first: of two rows of one page it is the first.
function startRows() {
  const rows = [...document.querySelectorAll("tr[data-slug]")];
  const last = new Map(rows.map((row) => [row.dataset.slug, row]));
  for (const row of rows) {
    const key = last.get(row.dataset.slug) === row ? row.dataset.slug : `mean:${row.dataset.slug}`;
    const name = row.querySelector(".name");
    const box = element("input", { type: "checkbox", "aria-label": `Compare ${name.textContent}` });
    box.addEventListener("change", () => pick(key, box.checked));
    rowsOf.set(key, { box, name: name.textContent });
    name.before(element("label", { className: "pick", title: `Compare ${name.textContent}` }, box));
  }
}

function pick(key, wanted) {
  if (wanted) picked.add(key);
  else picked.delete(key);
  showPicked();
}

function showPicked() {
  const bar = document.getElementById("picked");
  const full = picked.size >= MOST;
  for (const [key, { box }] of rowsOf) {
    box.checked = picked.has(key);
    box.disabled = full && !box.checked;
  }
  bar.hidden = picked.size === 0;
  bar.querySelector(".names").textContent = [...picked].map((key) => rowsOf.get(key).name).join(" · ");
  const open = bar.querySelector(".open");
  open.disabled = picked.size < 2;
  open.textContent = picked.size < 2 ? "Choose another one" : `Compare ${picked.size}`;
}

function startBar() {
  const open = element("button", { type: "button", className: "open" });
  const clear = element("button", { type: "button", text: "Clear" });
  open.addEventListener("click", () => {
    setAddress([["compare", [...picked].join(",")]], true);
    openDialog();
  });
  clear.addEventListener("click", () => {
    picked.clear();
    showPicked();
  });
  const names = element("span", { className: "names", role: "status" });
  document.body.append(element("div", { id: "picked", role: "region", "aria-label": "Chosen for a comparison", hidden: true }, names, open, clear));
}

// ----- what is known of the entries

function load() {
  if (known) return Promise.resolve(known);
  return new Promise((resolve, reject) => {
    window.benchCompare = (data) => {
      known = { ...data, of: new Map(data.entries.map((one) => [one.key, one])) };
      resolve(known);
    };
    const script = element("script", { src: document.querySelector("[data-compare]").dataset.compare });
    script.addEventListener("error", () => reject(new Error("the file with the numbers is missing")));
    document.head.append(script);
  });
}

// 1: a is better, -1: b is better, 0: not told apart, null: not known. Rows hold the columns that come after them.
function verdict(rows, a, b) {
  if (!rows || a === null || b === null || a === b) return null;
  const sign = { "+": 1, "-": -1, 0: 0 }[rows[Math.min(a, b)][Math.abs(a - b) - 1]];
  return a < b ? sign : 0 - sign;
}

function pairsOf(entries) {
  return entries.flatMap((one, place) => entries.slice(place + 1).map((other) => [one, other]));
}

// ----- showing

function said(a, b, sign) {
  if (sign === null) return ["There is no verdict about ", bold(a), " and ", bold(b), ": one of them is not ranked by itself."];
  if (sign === 0) return [bold(a), " and ", bold(b), " cannot be told apart."];
  const [first, second] = sign > 0 ? [a, b] : [b, a];
  return [bold(first), " is better than ", bold(second), "."];
}

function bold(entry) {
  return element("b", {}, element("bdi", { text: entry.name }));
}

function sentences(entries) {
  const list = element("ul", { className: "verdict-list" });
  for (const [a, b] of pairsOf(entries)) list.append(element("li", {}, ...said(a, b, verdict(known.ranking, a.ranked, b.ranked))));
  return list;
}

function disputed([a, b]) {
  const won = { 1: [], "-1": [] };
  for (const { title, rows } of known.pairs) won[verdict(rows, a.single, b.single)]?.push(title);
  if (!won[1].length || !won[-1].length) return null;
  const words = [[a, won[1]], [b, won[-1]]].flatMap(([one, titles], place) => [place ? "; " : "", bold(one), ` is better by ${titles.join(" and ")}`]);
  return element("p", {}, element("b", { text: "Disputed: " }), ...words, ".");
}

function head(entry, several) {
  const link = element("a", { href: entry.href }, element("bdi", { text: entry.name }));
  const away = element("button", { type: "button", className: "away", text: "×", "aria-label": `Leave out ${entry.name}` });
  away.addEventListener("click", () => change((keys) => keys.filter((key) => key !== entry.key)));
  return element("th", { scope: "col" }, link, several ? away : null);
}

function picture(entry) {
  if (!entry.picture) return element("td", { className: "muted", text: entry.slug ? "no picture" : "a mean has no picture" });
  const [src, width, height] = entry.picture;
  return element("td", {}, element("img", { src, width, height, alt: `Some of the submitted images of ${entry.name}`, loading: "lazy" }));
}

// By the first number, which the board is sorted by, as the ranking has it; by another one, this pair by itself.
function betterBy(title, [a, b], first) {
  const rows = known.pairs.find((one) => one.title === title)?.rows;
  const sign = first ? verdict(known.ranking, a.ranked, b.ranked) : verdict(rows, a.single, b.single);
  if (sign === null) return element("td", { className: "muted", text: "–" });
  if (sign === 0) return element("td", { className: "muted", text: "not told apart" });
  return element("td", {}, bold(sign > 0 ? a : b));
}

function row(title, cells) {
  return element("tr", {}, element("th", { scope: "row", text: title }), ...cells);
}

function table(entries) {
  const two = entries.length === 2;
  const extra = (cell) => (two ? [cell] : []);
  const rows = [row("Images", [...entries.map(picture), ...extra(element("td"))])];
  rows.push(row("Rank, 95 %", [...entries.map((one) => element("td", { text: one.rank || "not ranked" })), ...extra(element("td"))]));
  known.numbers.forEach(({ by, title, arrow }, place) => {
    const cells = entries.map((one) => {
      const [value, interval] = one.values[place];
      return element("td", {}, element("span", { text: value }), interval ? element("span", { className: "interval", text: ` ${interval}` }) : null);
    });
    rows.push(row(title + arrow, [...cells, ...extra(betterBy(by, entries, place === 0))]));
  });
  known.costs.forEach((title, place) => {
    if (entries.some((one) => one.costs[place])) rows.push(row(title, [...entries.map((one) => element("td", { text: one.costs[place] || "–" })), ...extra(element("td"))]));
  });
  const heads = [element("td"), ...entries.map((one) => head(one, entries.length > 2)), ...extra(element("th", { scope: "col", text: "Better, 95 %" }))];
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

function another(entries) {
  if (entries.length >= MOST || entries.length === known.entries.length) return null;
  const select = element("select", { id: "compare-with" }, new Option("choose an entry", ""));
  const chosenKeys = new Set(entries.map((one) => one.key));
  for (const one of known.entries) if (!chosenKeys.has(one.key)) select.add(new Option(one.name, one.key));
  select.addEventListener("change", () => change((keys) => [...keys, select.value]));
  return element("p", { className: "another" }, element("label", { htmlFor: "compare-with", text: "Compare with another one" }), " ", select);
}

function render(entries) {
  const close = element("button", { type: "button", className: "close", text: "Close" });
  close.addEventListener("click", () => dialog.close());
  const scroll = element("div", { className: "scroll", role: "region", "aria-label": "Numbers side by side" }, table(entries));
  watchScrolling(scroll);
  const parts = [
    element("div", { className: "dialog-head" }, element("h2", { id: "compare-title", text: "Side by side" }), close),
    element("p", { className: "muted", text: `In the ranking, by the ${known.by}, with 95 % confidence for all comparisons of an entry together:` }),
    sentences(entries),
    entries.length === 2 ? disputed(entries) : null,
    scroll,
    entries.length === 2 ? element("p", { className: "small muted", text: "The first row has the verdict of the ranking. The others look at this pair and one number alone: a 95 % interval of the difference, paired where it can be. A number without an interval has no verdict." }) : null,
    another(entries),
  ];
  const commands = pairsOf(entries).filter(([a, b]) => a.slug && b.slug).map(([a, b]) => `bench compare ${known.track}/${a.slug} ${known.track}/${b.slug}${known.options}`);
  if (commands.length) parts.push(element("p", { className: "small muted", text: "The differences with their intervals:" }), element("pre", {}, element("code", { text: commands.join("\n") })));
  dialog.replaceChildren(...parts.filter((one) => one !== null));
}

function asked() {
  return (currentQuery().get("compare") ?? "").split(",").filter(Boolean);
}

function change(made) {
  setAddress([["compare", made(asked()).join(",")]], true);
  openDialog();
}

// Shows what the address asks for; closes where it asks for nothing.
async function openDialog() {
  const keys = asked();
  if (keys.length < 2) {
    if (dialog.open) dialog.close();
    return;
  }
  try {
    await load();
  } catch (error) {
    dialog.replaceChildren(element("p", { text: `Nothing can be compared: ${error.message}.` }));
  }
  const entries = known ? keys.map((key) => known.of.get(key)).filter(Boolean).slice(0, MOST) : [];
  if (known && entries.length < 2) return;
  if (known) render(entries);
  picked.clear();
  for (const { key } of entries) if (rowsOf.has(key)) picked.add(key);
  showPicked();
  if (!dialog.open) dialog.showModal();
}

document.addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector("[data-compare]")) return;
  dialog = element("dialog", { className: "compare", "aria-labelledby": "compare-title" });
  dialog.addEventListener("close", () => {
    if (asked().length) setAddress([["compare", ""]], true);
  });
  document.body.append(dialog);
  startBar();
  startRows();
  window.addEventListener("popstate", openDialog);
  openDialog();
});
