// What the pages can do beyond being read: remember a theme, sort and filter tables. Without it nothing is missing but
// these; elements that need it carry the attribute `data-script` and stay hidden without it.
"use strict";

// ----- theme: system, light or dark

const THEME = "bench-theme";

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null; // refused by the browser's settings: the choice lasts as long as the page
  }
}

function setTheme(theme) {
  const known = ["light", "dark"].includes(theme);
  if (known) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  return known ? theme : "system";
}

const chosenTheme = setTheme(storage()?.getItem(THEME)); // before anything is drawn

function startTheme() {
  const select = document.getElementById("theme");
  select.value = chosenTheme;
  select.addEventListener("change", () => storage()?.setItem(THEME, setTheme(select.value)));
}

// ----- sorting: the best first, then the other way round; rows without a value always last

function valueOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value;
  if (text === undefined) return null;
  const number = Number(text);
  return text !== "" && Number.isFinite(number) ? number : text;
}

function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}

function markSorted(table, column, order) {
  for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
  if (order) table.tHead.rows[0].cells[column].setAttribute("aria-sort", order);
}

function sortTable(table, column, ascending) {
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => [valueOf(row, column), row]);
  keyed.sort(([a], [b]) => compare(a, b, ascending ? 1 : -1));
  body.append(...keyed.map(([, row]) => row));
  markSorted(table, column, ascending ? "ascending" : "descending");
}

function sortable(table, say) {
  const heads = [...table.tHead.rows[0].cells];
  const select = document.querySelector(`select[data-sorts="${table.id}"]`);
  const sort = (column, ascending) => {
    sortTable(table, column, ascending);
    if (select) select.value = String(column);
    say(`sorted by ${heads[column].dataset.title}, ${ascending ? "ascending" : "descending"}`);
  };
  const bestFirst = (column) => heads[column].dataset.better !== "higher";
  heads.forEach((head, column) => {
    if (head.dataset.title === undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.querySelector(".head").childNodes);
    head.querySelector(".head").replaceChildren(button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(column, now ? now !== "ascending" : bestFirst(column));
    });
    select?.add(new Option(head.dataset.title, String(column), head.hasAttribute("aria-sort"), head.hasAttribute("aria-sort")));
  });
  select?.addEventListener("change", () => sort(Number(select.value), bestFirst(Number(select.value))));
  const rows = [...table.tBodies[0].rows];
  const column = heads.findIndex((head) => head.hasAttribute("aria-sort"));
  const order = heads[column]?.getAttribute("aria-sort");
  return () => {
    table.tBodies[0].append(...rows); // as the page came
    markSorted(table, column, order);
    if (select) select.value = String(column);
  };
}

// ----- what scrolls sideways can be reached and scrolled by keyboard, and what does not is no stop on the way

function scrollers() {
  const regions = document.querySelectorAll(".scroll, math[display='block']");
  const mark = () => {
    for (const region of regions) {
      if (region.scrollWidth > region.clientWidth + 1 && getComputedStyle(region).overflowX !== "visible") region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  };
  mark();
  const watch = new ResizeObserver(mark);
  for (const region of regions) watch.observe(region);
}

// ----- filtering: by words in name and authors, by level, by kind

function filters(form, say, unsort) {
  const rows = [...document.querySelectorAll("tr[data-words]")];
  const marks = new Map([...document.querySelectorAll("[data-mark]")].map((mark) => [mark, mark.dataset.mark]));
  const apply = () => {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const level = Number(form.elements.level.value);
    const kind = form.elements.kind.value;
    const shown = new Set();
    for (const row of rows) {
      const fits =
        words.every((word) => row.dataset.words.includes(word)) &&
        Number(row.dataset.level) >= level &&
        (kind === "" || row.dataset.kind === kind);
      row.hidden = !fits;
      if (fits) shown.add(row.dataset.slug);
    }
    for (const [mark, slug] of marks) mark.classList.toggle("out", !shown.has(slug));
    const count = rows.length === shown.size ? `all ${rows.length}` : `${shown.size} of ${rows.length}`;
    say(`${count} entries shown`);
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("button").addEventListener("click", () => {
    form.reset();
    unsort();
    apply();
  });
  if ([...new FormData(form).values()].some((value) => value !== "" && value !== "0")) apply(); // kept by the browser
}

// ----- start

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
  startTheme();
  const status = document.getElementById("status");
  const say = (text) => {
    if (status) status.textContent = text;
  };
  const undo = [...document.querySelectorAll("table[data-sortable]")].map((table) => sortable(table, say));
  const form = document.getElementById("filters");
  if (form) filters(form, say, () => undo.forEach((one) => one()));
  scrollers();
});
