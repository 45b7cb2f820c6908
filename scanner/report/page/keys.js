// The keys: a list, and one page per key with its custody chain, its relations and what could not be read.
const keyFilters = document.getElementById("key-filters");
const keys = keyFilters && pager("keys", keyRow);

function edgesOf(key, relation) { return key.edges.filter((edge) => edge.relation === relation); }

// How many edges of a relation there are, in words: a plus says that more may exist that could not be read.
function total(key, relation) {
  const number = (key.totals[relation] ?? edgesOf(key, relation).length).toLocaleString("en");
  return key.unknown[relation] ? `${number} + ?` : number;
}

function keyRow(key) {
  return make("tr", {},
    make("th", { scope: "row", class: "wide" }, make("a", { href: `#key/${data.keys.indexOf(key)}` }, key.label), make("br"), make("span", { class: "dim" }, key.arn)),
    make("td", {}, badge(key.custody)), make("td", {}, key.data_classes.join(", ")),
    ...["protects", "can_administer", "can_use", "granted"].map((relation) => make("td", { class: "number" }, total(key, relation))),
    make("td", {}, key.account, make("br"), make("span", { class: "dim" }, key.region)));
}

function showKeys() {
  const text = keyFilters.elements.q.value.toLowerCase();
  const custody = keyFilters.elements.custody.value;
  keys.show(data.keys.filter((key) => (!custody || key.custody === custody)
    && [key.label, key.arn, ...key.aliases, ...key.data_classes].some((word) => word.toLowerCase().includes(text))));
}

function showKey(number) {
  const key = data.keys[number];
  const heading = document.getElementById("key-h");
  const body = document.getElementById("key-body");
  heading.textContent = key ? `Key ${key.label}` : "No such key";
  body.replaceChildren(make("div", {}, key ? keyPage(key) : ""));
  heading.focus();
}

function keyPage(key) {
  const own = data.findings.filter((finding) => finding[SUBJECT] === key.arn && finding[OUTCOME] < 2).length;
  return [
    make("p", {}, key.arn, make("br"), badge(key.custody), " ", key.data_classes.map((name) => [badge(name), " "]).flat()),
    make("p", {}, link("findings", own ? { q: key.arn } : { q: key.arn, outcome: "ANY" }, own ? `${count(own, "finding")} to act on` : "Verdicts on this key")),
    section("Where its material lives", chain(key)),
    make("h3", {}, "Neighbourhood"), neighbourhood(key),
    section("Facts", facts(key)),
    ...data.relations.map(([relation, words]) => relationTable(key, relation, words)).flat(),
    section("Could not be read", list(Object.entries(key.unknown).map(([name, reason]) => `${name.replaceAll("_", " ")}: ${reason}`))),
  ];
}

function chain(key) {
  return make("ol", { class: "chain" }, key.chain.map((step) =>
    make("li", {}, make("span", { class: "dim" }, `${step.type} `), step.label, make("br"), make("span", { class: "dim" }, step.state))));
}

function facts(key) {
  const rows = [...Object.entries(key.facts), ["aliases", key.aliases.join(", ")]].filter(([, value]) => value);
  return make("dl", {}, rows.map(([name, value]) => [make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, value)]).flat());
}

function relationTable(key, relation, words) {
  const edges = edgesOf(key, relation);
  if (!edges.length && !key.unknown[relation]) return [];
  const heading = make("h3", {}, `${words} (${total(key, relation)})`);
  const unknown = key.unknown[relation] ? make("p", { class: "doubt" }, `Not fully known: ${key.unknown[relation]}`) : "";
  const more = (key.totals[relation] || 0) - edges.length;
  const body = make("tbody", {}, edges.slice(0, PAGE).map(edgeRow));
  const head = ["Who or what", "Type", "What", "Holds", "Because of"].map((title) => make("th", { scope: "col" }, title));
  return [heading, unknown,
    edges.length ? make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words },
      make("table", {}, make("thead", {}, make("tr", {}, head)), body)) : "",
    edges.length > PAGE ? rest(body, edges.slice(PAGE)) : "",
    more > 0 ? make("p", {}, `and ${more.toLocaleString("en")} more that are not listed here`) : ""];
}

function edgeRow(edge) {
  return make("tr", {},
    make("td", { class: "subject" }, edge.label, edge.label === edge.id ? "" : [make("br"), make("span", { class: "dim" }, edge.id)]),
    make("td", {}, edge.type), make("td", { class: "what" }, edge.detail),
    make("td", { class: "wide" }, edge.certain ? "always" : ["on conditions", make("br"), make("span", { class: "dim" }, edge.conditions.join("; "))]),
    make("td", { class: "wide" }, edge.because.join(", ")));
}

// A button that shows the next hundred rows, until there are no more.
function rest(body, edges) {
  const button = make("button", { type: "button" });
  const name = () => { button.textContent = `Show ${Math.min(PAGE, edges.length)} of ${edges.length.toLocaleString("en")} more`; };
  button.addEventListener("click", () => {
    body.append(...edges.splice(0, PAGE).map(edgeRow));
    if (edges.length) name(); else button.remove();
  });
  name();
  return button;
}

if (keyFilters) {
  keyFilters.elements.custody.replaceChildren(option("", "Any"), ...[...new Set(data.keys.map((key) => key.custody))].sort().map((word) => option(word, word)));
  keyFilters.addEventListener("input", showKeys);
  keyFilters.addEventListener("submit", (event) => event.preventDefault());
}
