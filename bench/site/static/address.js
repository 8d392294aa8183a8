// The address of a board keeps what was chosen: words, level, kind, columns, order, and the entries that are compared.
// So a link shows the same, and so does the way back. What is as the page came is not in it.
"use strict";

const FIELDS = ["words", "level", "kind", "columns"];
const USUAL = new Map(); // what each is when the page comes

function fieldOf(name) {
  const found = document.getElementsByName(name);
  return found.length > 1 ? [...found].find((one) => one.checked) : found[0];
}

function usualOf(name) {
  const [field, ...others] = document.getElementsByName(name);
  if (!field) return "";
  if (others.length) return [field, ...others].find((one) => one.defaultChecked)?.value ?? "";
  if (field.options) return ([...field.options].find((one) => one.defaultSelected) ?? field.options[0]).value;
  return field.defaultValue;
}

function sortedBy() {
  const head = document.querySelector("#ranked-table thead [aria-sort]");
  return head ? `${head.dataset.title} ${head.getAttribute("aria-sort")}` : "";
}

function chosen() {
  const found = new Map(FIELDS.map((name) => [name, fieldOf(name)?.value ?? ""]));
  found.set("sort", sortedBy());
  return found;
}

function currentQuery() {
  return new URLSearchParams(window.location.search);
}

// The address with these changes; `push` makes a step that the way back undoes.
function setAddress(changes, push = false) {
  const query = currentQuery();
  for (const [name, value] of changes) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const words = query.toString();
  const place = window.location.pathname + (words && `?${words}`) + window.location.hash;
  if (place === window.location.pathname + window.location.search + window.location.hash) return;
  try {
    window.history[push ? "pushState" : "replaceState"](null, "", place);
  } catch {
    // refused by the browser's settings: the choice lasts as long as the page
  }
}

function keepAddress() {
  setAddress([...chosen()].map(([name, value]) => [name, value === USUAL.get(name) ? "" : value]));
}

function setField(name, value) {
  const fields = [...document.getElementsByName(name)];
  const field = fields.length > 1 ? fields.find((one) => one.value === value) : fields[0];
  if (!field || (fields.length > 1 ? field.checked : field.value === value)) return;
  const before = field.value;
  if (fields.length > 1) field.checked = true;
  else field.value = value;
  if (field.value === "" && value !== "") field.value = before; // no such choice
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

function setSorted(wanted) {
  for (const head of document.querySelectorAll("#ranked-table thead [data-title]")) {
    if (!wanted.startsWith(`${head.dataset.title} `)) continue;
    for (let tries = 0; tries < 2 && sortedBy() !== wanted; tries++) head.querySelector(".sort")?.click();
    return;
  }
}

function restore() {
  const query = currentQuery();
  for (const name of FIELDS) setField(name, query.get(name) ?? USUAL.get(name));
  setSorted(query.get("sort") ?? USUAL.get("sort"));
}

document.addEventListener("DOMContentLoaded", () => {
  for (const name of FIELDS) USUAL.set(name, usualOf(name));
  USUAL.set("sort", sortedBy());
  restore(); // the address says what is kept, not the browser
  for (const kind of ["input", "change", "click"]) document.addEventListener(kind, () => setTimeout(keepAddress));
  window.addEventListener("popstate", restore);
});
