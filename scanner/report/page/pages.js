// Which page is shown, the keyboard, and the view for print.
const PRINTED = 1000;
const IN_NAV = { key: "keys", framework: "standards" };
const sections = [...document.querySelectorAll("section[data-page]")];
const audit = document.getElementById("audit");

function showPage() {
  const { page, query } = place();
  const [name, rest] = page.startsWith("key/") ? ["key", page.slice(4)] : [page, ""];
  const known = sections.find((part) => part.id === name);
  const whole = name === "audit";
  for (const part of sections) part.hidden = whole ? part.classList.contains("screen") : part !== (known || sections[0]);
  audit.hidden = !whole;
  for (const item of document.querySelectorAll("nav a")) {
    const current = item.hash.slice(1) === (known || whole ? IN_NAV[name.split("/")[0]] || page : "summary");
    if (current) item.setAttribute("aria-current", "page"); else item.removeAttribute("aria-current");
  }
  if (name === "findings") showFindings(query);
  if (name === "keys" && keyFilters) showKeys();
  if (name === "key" && keyFilters) showKey(Number(rest));
  if (whole) fillAudit();
}

function fillAudit() {
  const open = data.findings.filter((finding) => finding[OUTCOME] < 2);
  const rows = open.slice(0, PRINTED).map((finding) => make("tr", {},
    make("td", {}, badge(OUTCOMES[finding[OUTCOME]])), make("td", {}, badge(SEVERITIES[finding[SEVERITY]])),
    make("td", { class: "wide" }, data.rules[finding[RULE]].id), subjectCell(finding), make("td", { class: "what" }, [...whatCell(finding).childNodes], list(finding[EVIDENCE]))));
  audit.querySelector("tbody").replaceChildren(...rows);
  document.getElementById("audit-note").textContent = open.length > PRINTED
    ? `The ${PRINTED.toLocaleString("en")} worst of ${count(open.length, "finding")}; the CSV report has all of them.`
    : count(open.length, "finding");
}

function typing(target) { return target.matches("input, select, textarea"); }

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const current = sections.find((part) => !part.hidden && part.querySelector("input[type=search]"));
  if (!current) return;
  const search = current.querySelector("input[type=search]");
  if (event.target === search) return inSearch(event, current, search);
  if (typing(event.target)) return;
  const list = current.id === "keys" ? keys : findings;
  if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
  else if (event.key === "n") list.turn(list.page + 1);
  else if (event.key === "p") list.turn(list.page - 1);
  else if (event.key === "j" || event.key === "k") step(current, event.key === "j" ? 1 : -1);
}

/** Enter goes to the first row, Escape clears the search and then leaves it. */
function inSearch(event, current, search) {
  if (event.key === "Enter") { event.preventDefault(); step(current, 1); }
  if (event.key !== "Escape") return;
  if (!search.value) { search.blur(); return; }
  search.value = "";
  search.dispatchEvent(new Event("input", { bubbles: true }));
}

function step(current, by) {
  const rows = [...current.querySelectorAll("tbody button.row, tbody th a")];
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.min(Math.max(at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by, 0), rows.length - 1)];
  if (next) next.focus();
}

document.addEventListener("keydown", onKey);
addEventListener("hashchange", () => { showPage(); scrollTo(0, 0); });
addEventListener("beforeprint", fillAudit);
addEventListener("load", () => scrollTo(0, 0)); // a page is shown from its top, not from its heading
showPage();
