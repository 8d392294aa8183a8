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

// ----- boards: sorted, the best first and then the other way round; filtered; and cut after the first hundred rows

const NARROW = window.matchMedia("(max-width: 46rem)");

function valueOf(row, column, head) {
  if (head.dataset.from) return Number(row.dataset[head.dataset.from] ?? 0);
  const cell = row.cells[column];
  const holder = cell.querySelector("bdi, .drawn > span") ?? cell;
  const text = holder.firstChild?.textContent.trim() ?? "";
  if (text === "" || text === "–") return null; // absent: last in both directions
  const number = Number(text.replace("−", "-").replaceAll(",", ""));
  return cell.tagName === "TD" && Number.isFinite(number) ? number : text;
}

const WORDS = new Intl.Collator("en", { numeric: true }); // much faster than localeCompare

function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * WORDS.compare(a, b);
}

// What is drawn as grids or cards is still a table to a screen reader.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };

function keepRole(part) {
  part.setAttribute("role", ROLES[part.tagName] ?? (part.scope === "col" ? "columnheader" : "rowheader"));
}

function keepRoles(row) {
  if (!row.hasAttribute("role")) for (const part of [row, ...row.cells]) keepRole(part);
}

class Board {
  constructor(table, say) {
    this.table = table;
    this.say = say;
    this.body = table.querySelector("tbody[data-rows]");
    this.came = [...this.body.rows];
    this.landmarks = table.querySelectorAll(".landmark-row");
    this.rows = this.came;
    this.heads = [...table.tHead.rows[0].cells];
    this.part = table.closest(".part");
    this.select = document.querySelector(`select[data-sorts="${table.id}"]`);
    this.first = Number(table.dataset.first);
    this.whole = false;
    this.fits = () => true;
    this.usual = { column: this.heads.findIndex((head) => head.hasAttribute("aria-sort")) };
    this.usual.order = this.heads[this.usual.column].getAttribute("aria-sort");
    this.now = this.usual;
    this.heads.forEach((head, column) => this.startHead(head, column));
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tfoot")]) keepRole(part);
    keepRoles(table.tHead.rows[0]);
    table.parentElement.classList.add("cards"); // its rows are laid out one by one
    if (this.select) {
      this.select.value = String(this.usual.column);
      this.select.addEventListener("change", () => this.sort(Number(this.select.value)));
    }
    this.part.querySelector(".cut button")?.addEventListener("click", () => {
      this.whole = true;
      this.show();
    });
  }

  startHead(head, column) {
    if (head.dataset.title === undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.querySelector(".head").childNodes);
    head.querySelector(".head").replaceChildren(button);
    button.addEventListener("click", () => this.sort(column));
    this.select?.add(new Option(head.dataset.title, String(column)));
  }

  sort(column) {
    const best = this.heads[column].dataset.better === "higher" ? "descending" : "ascending";
    const other = best === "ascending" ? "descending" : "ascending";
    const order = this.now.column === column && this.now.order === best ? other : best;
    const keyed = this.came.map((row) => [valueOf(row, column, this.heads[column]), row]);
    keyed.sort(([a], [b]) => compare(a, b, order === "ascending" ? 1 : -1));
    this.place(keyed.map(([, row]) => row), { column, order });
    this.say(`sorted by ${this.heads[column].dataset.title}, ${order}`);
  }

  unsort() {
    if (this.now !== this.usual) this.place(this.came, this.usual);
  }

  place(rows, now) {
    this.heads[this.now.column].removeAttribute("aria-sort");
    this.heads[now.column].setAttribute("aria-sort", now.order);
    if (this.select) this.select.value = String(now.column);
    this.rows = rows;
    this.now = now;
    this.show();
  }

  // Rows that fit, the first hundred of them; a line above each that is the first of its group, while ranks are in order.
  // Only rows that are seen take their places: the order of hidden ones is in `rows`.
  show() {
    const ranked = this.heads[this.now.column].classList.contains("rank") && this.now.order === "ascending";
    const fitting = this.rows.filter(this.fits);
    const seen = this.whole ? fitting : fitting.slice(0, this.first);
    const wanted = new Set(seen);
    let group;
    for (const row of this.came) row.hidden = !wanted.has(row);
    for (const row of [...this.landmarks, ...seen]) {
      const own = row.dataset.group ?? group;
      row.classList.toggle("leads", ranked && own !== group);
      group = own;
      this.dress(row);
    }
    if (seen.some((row, place) => this.body.rows[place] !== row)) this.body.prepend(...seen);
    this.body.dataset.rows = "ready";
    this.part.querySelector(".nothing").hidden = fitting.length > 0;
    const cut = this.part.querySelector(".cut");
    if (cut) {
      cut.hidden = seen.length === fitting.length;
      cut.querySelector("span").textContent = `The first ${this.first} of ${fitting.length.toLocaleString("en")} entries are shown.`;
    }
    return fitting.length;
  }

  // A row that is about to be shown: on a narrow screen it is a card whose numbers have labels.
  dress(row) {
    keepRoles(row);
    row.querySelector("[data-by]")?.removeAttribute("data-by");
    row.cells[this.now.column].dataset.by = "";
    if (!NARROW.matches || row.dataset.dressed) return;
    row.dataset.dressed = "true";
    this.heads.forEach((head, column) => {
      const cell = row.cells[column];
      if (head.matches(".number, .copies, .rest, .drawn")) cell.dataset.label = head.dataset.title;
      if (head.dataset.card !== undefined) cell.dataset.card = "";
      if (cell.textContent === "–") cell.dataset.empty = "";
    });
    const more = document.createElement("button");
    more.type = "button";
    more.className = "unfold narrow-only";
    more.setAttribute("aria-expanded", "false");
    more.setAttribute("aria-label", `All numbers of ${row.querySelector(".name").textContent}`);
    more.addEventListener("click", () => {
      more.setAttribute("aria-expanded", String(row.classList.toggle("open")));
    });
    row.querySelector("th").append(more);
  }
}

// ----- filtering: by words in name and authors, by level, by kind

function filters(form, boards, say) {
  const rows = boards.flatMap((board) => board.came);
  const words = new Map(rows.map((row) => [row, [...row.querySelectorAll("bdi")].map((part) => part.textContent).join(" ").toLowerCase()]));
  const marks = [...document.querySelectorAll("[data-mark]")];
  const clear = form.querySelector(".clear");
  const apply = () => {
    const wanted = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const level = Number(form.elements.level?.value ?? 0);
    const kind = form.elements.kind?.value ?? "";
    const fits = (row) =>
      wanted.every((word) => words.get(row).includes(word)) &&
      Number(row.dataset.level ?? 0) >= level &&
      (kind === "" || (row.dataset.kind ?? "submission") === kind);
    const shown = new Set(rows.filter(fits).map((row) => row.dataset.slug));
    let count = 0;
    for (const board of boards) {
      board.fits = fits;
      count += board.show();
    }
    for (const mark of marks) mark.classList.toggle("out", !shown.has(mark.dataset.mark));
    clear.hidden = count === rows.length;
    say(count === rows.length ? `all ${rows.length.toLocaleString("en")} entries` : `${count} of ${rows.length} entries`);
  };
  const reset = () => {
    form.reset();
    for (const board of boards) board.unsort();
    apply();
    form.elements.words.focus();
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of [clear, ...document.querySelectorAll(".nothing button")]) button.addEventListener("click", reset);
  const fold = form.querySelector(".fold");
  fold?.addEventListener("click", () => {
    fold.setAttribute("aria-expanded", String(form.classList.toggle("open")));
  });
  if ([...new FormData(form).values()].some((value) => value !== "" && value !== "0")) apply(); // kept by the browser
}

// ----- what scrolls sideways can be reached and scrolled by keyboard, and what does not is no stop on the way

const scrolls = new ResizeObserver((seen) => {
  for (const region of new Set(seen.map(({ target }) => target.closest(".scroll") ?? target))) {
    if (region.scrollWidth > region.clientWidth + 1 && getComputedStyle(region).overflowX !== "visible") region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  }
});

function watchScrolling(region) {
  for (const one of [region, ...region.querySelectorAll("table")]) scrolls.observe(one); // a table grows by itself
}

// ----- start

document.documentElement.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
  startTheme();
  const status = document.getElementById("status");
  const say = (text) => {
    if (status) status.textContent = text;
  };
  const boards = [...document.querySelectorAll("table[data-first]")].map((table) => new Board(table, say));
  for (const board of boards) board.show();
  const form = document.getElementById("filters");
  if (form) filters(form, boards, say);
  NARROW.addEventListener("change", () => {
    for (const board of boards) board.show();
  });
  for (const region of document.querySelectorAll(".scroll, math[display='block']")) watchScrolling(region);
});
