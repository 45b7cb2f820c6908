// The findings: filter, search, pages, details. The filter lives in the address, so a view can be shared.
const filters = document.getElementById("filters");
const findings = pager("findings", findingRow);
let haystack = null;

function labelOf(finding) { return finding[LABEL] && finding[LABEL] !== finding[SUBJECT] ? finding[LABEL] : ""; }

function subjectCell(finding) {
  return make("td", { class: "subject" }, labelOf(finding), labelOf(finding) ? make("br") : "",
    make("span", { class: labelOf(finding) ? "dim" : null }, finding[SUBJECT]));
}

function whatCell(finding) {
  const words = finding[OUTCOME] === 1 && finding[REASONS].length ? finding[REASONS].join("; ") : finding[MESSAGE];
  return make("td", { class: "what" }, words,
    finding[WAIVER] ? [make("br"), make("span", { class: "doubt" }, finding[WAIVER])] : "",
    finding[STATUS] ? [make("br"), make("span", { class: "dim" }, finding[STATUS])] : "");
}

function findingRow(finding) {
  const rule = data.rules[finding[RULE]];
  const outcome = OUTCOMES[finding[OUTCOME]];
  const toggle = make("button", { type: "button", class: "row", "aria-expanded": "false",
    "aria-label": `${outcome.replaceAll("_", " ")}, details of ${rule.id} on ${labelOf(finding) || finding[SUBJECT]}` }, badge(outcome));
  const row = make("tr", {}, make("td", {}, toggle), make("td", {}, badge(SEVERITIES[finding[SEVERITY]])),
    make("td", { class: "wide" }, rule.id), subjectCell(finding), whatCell(finding));
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") === "true";
    toggle.setAttribute("aria-expanded", String(!open));
    if (open) row.nextSibling.remove(); else row.after(make("tr", { class: "detail" }, make("td", { colspan: 5 }, details(finding))));
  });
  return row;
}

function section(title, content) { return content && content.length !== 0 ? [make("h3", {}, title), content] : []; }

function list(lines) { return lines.length ? make("ul", {}, lines.map((line) => make("li", {}, line))) : ""; }

function details(finding) {
  const rule = data.rules[finding[RULE]];
  const fixes = Object.entries(finding[FIX] || rule.fix);
  const facts = [["Account", data.accounts[finding[ACCOUNT]]], ["Region", data.regions[finding[REGION]]], ["Declared in", finding[PLACE]],
    ["First seen", finding[SEEN]], ["Also reported by", finding[ALSO].join(", ")], ["Fingerprint", finding[FINGERPRINT]]];
  const key = data.keys.findIndex((page) => page.arn === finding[SUBJECT]);
  return [
    make("p", {}, make("strong", {}, rule.title), make("br"), rule.why),
    section("Evidence", list(finding[EVIDENCE])),
    section("Could not be told because of", list(finding[REASONS])),
    section("Fix", fixes.map(([way, text]) => [make("span", { class: "dim" }, way), make("pre", {}, text)]).flat()),
    section("Requirements", list(rule.controls.map(([id, strength]) => `${id} (${strength} it)`))),
    section("Sources", list(rule.sources)),
    make("h3", {}, "Where"),
    make("dl", {}, facts.filter(([, value]) => value).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]).flat()),
    key >= 0 ? make("p", {}, make("a", { href: `#key/${key}` }, "The page of this key")) : "",
  ];
}

function searchable() {
  haystack ??= data.findings.map((f) => [f[SUBJECT], f[LABEL], f[MESSAGE], data.rules[f[RULE]].id, f[FINGERPRINT], f[PLACE],
    f[REASONS].join(" "), f[WAIVER]].join("\n").toLowerCase());
  return haystack;
}

function accepts(query) {
  const tests = [];
  const outcome = query.get("outcome") || "OPEN";
  if (outcome === "OPEN") tests.push((f) => f[OUTCOME] < 2);
  else if (outcome !== "ANY") tests.push((f) => OUTCOMES[f[OUTCOME]] === outcome);
  if (query.get("severity")) { const wanted = SEVERITIES.indexOf(query.get("severity")); tests.push((f) => f[SEVERITY] === wanted); }
  if (query.get("rule")) { const wanted = data.rules.findIndex((rule) => rule.id === query.get("rule")); tests.push((f) => f[RULE] === wanted); }
  if (query.get("control")) tests.push(citing(query.get("control")));
  if (query.get("account")) { const wanted = data.accounts.indexOf(query.get("account")); tests.push((f) => f[ACCOUNT] === wanted); }
  if (query.get("region")) { const wanted = data.regions.indexOf(query.get("region")); tests.push((f) => f[REGION] === wanted); }
  if (query.get("status") === "waived") tests.push((f) => f[WAIVER] !== "");
  else if (query.get("status")) tests.push((f) => f[STATUS] === query.get("status"));
  const words = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) { const texts = searchable(); tests.push((_, index) => words.every((word) => texts[index].includes(word))); }
  return (finding, index) => tests.every((test) => test(finding, index));
}

function citing(control) {
  const rules = data.rules.map((rule) => rule.controls.some(([id]) => id === control));
  return (finding) => rules[finding[RULE]];
}

function asked() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) if (value && !(name === "outcome" && value === "OPEN")) query.set(name, value);
  return query;
}

function showFindings(query) {
  for (const field of filters.elements) if (field.name) field.value = query.get(field.name) || (field.name === "outcome" ? "OPEN" : "");
  findings.note = ` of ${data.findings.length.toLocaleString("en")}`;
  findings.show(data.findings.filter(accepts(query)));
}

function fill(name, entries) { filters.elements[name].replaceChildren(...entries.map(([value, words]) => option(value, words))); }

fill("outcome", [["OPEN", "Failed or not assessed"], ["FAIL", "Failed"], ["NOT_ASSESSED", "Not assessed"], ["PASS", "Passed"],
  ["NOT_APPLICABLE", "Not applicable"], ["ANY", "Any"]]);
fill("severity", [["", "Any"], ...SEVERITIES.toReversed().map((word) => [word, word])]);
fill("rule", [["", "Any"], ...data.rules.map((rule) => [rule.id, rule.id])]);
fill("control", [["", "Any"], ...[...new Set(data.rules.flatMap((rule) => rule.controls.map(([id]) => id)))].sort().map((id) => [id, id])]);
fill("account", [["", "Any"], ...data.accounts.map((id) => [id, id])]);
fill("region", [["", "Any"], ...data.regions.map((id) => [id, id])]);
fill("status", [["", "Any"], ...["new", "unchanged", "regressed", "fixed", "waived"].map((word) => [word, word])]);

function filterChanged() {
  const query = asked();
  history.replaceState(null, "", `#findings?${query}`);
  findings.show(data.findings.filter(accepts(query)));
}
filters.addEventListener("input", filterChanged);
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("reset", (event) => { event.preventDefault(); location.hash = "#findings"; showFindings(new URLSearchParams()); });
