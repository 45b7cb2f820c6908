"use strict";
// The data island, the columns of a finding, and how elements are made: text goes in as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const OUTCOMES = ["FAIL", "NOT_ASSESSED", "PASS", "NOT_APPLICABLE"];
const SEVERITIES = ["info", "low", "medium", "high", "critical"];
const [RULE, OUTCOME, SEVERITY, ACCOUNT, REGION, SUBJECT, LABEL, MESSAGE, STATUS, EVIDENCE, REASONS, WAIVER, SEEN,
  FINGERPRINT, PLACE, FIX, ALSO] = Array(17).keys();
const PAGE = 100;

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function badge(word) { return make("span", { class: `badge ${word}` }, word.replaceAll("_", " ")); }

function count(number, noun) { return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`; }

function option(value, words) { return make("option", { value }, words); }

function link(page, query, words) {
  return make("a", { href: `#${page}?${new URLSearchParams(query)}` }, words);
}

// Where we are: `#findings?rule=x` is page "findings" with the query {rule: "x"}.
function place() {
  const [page, query] = location.hash.slice(1).split("?");
  return { page: decodeURIComponent(page || "summary"), query: new URLSearchParams(query || "") };
}

// A list with pages of 100 rows. `row` makes the elements of one item.
function pager(id, row) {
  const body = document.querySelector(`#${id}-table tbody`);
  const status = document.getElementById(`${id}-status`);
  const controls = document.getElementById(`${id}-pager`);
  const previous = make("button", { type: "button" }, "Previous");
  const next = make("button", { type: "button" }, "Next");
  const self = { items: [], page: 0, noun: id.slice(0, -1), note: "" };
  self.show = (items) => { self.items = items; self.turn(0); };
  self.turn = (page) => {
    const pages = Math.max(1, Math.ceil(self.items.length / PAGE));
    self.page = Math.min(Math.max(page, 0), pages - 1);
    body.replaceChildren(...self.items.slice(self.page * PAGE, (self.page + 1) * PAGE).map(row));
    status.textContent = `${count(self.items.length, self.noun)}${self.note}, page ${self.page + 1} of ${pages}`;
    previous.disabled = self.page === 0;
    next.disabled = self.page >= pages - 1;
    controls.hidden = pages === 1;
  };
  previous.addEventListener("click", () => self.turn(self.page - 1));
  next.addEventListener("click", () => self.turn(self.page + 1));
  controls.append(previous, next);
  return self;
}
