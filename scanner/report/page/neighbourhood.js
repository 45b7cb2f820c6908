// One key drawn with what surrounds it: principals left, the custody chain down the middle, what it protects right.
const SVG = "http://www.w3.org/2000/svg";
const BOX = { width: 250, height: 36, gap: 10 };
const SIDE = 12;
const EDGE_WORDS = { can_administer: "administers", can_use: "uses", can_grant: "creates grants", granted: "by grant",
  protects: "protects", replica_of: "same material" };

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function short(text, length) { return text.length > length ? `${text.slice(0, length - 1)}…` : text; }

// The other ends of some relations, each once, with every relation that leads there.
function ends(key, relations) {
  const found = new Map();
  for (const edge of key.edges) {
    if (!relations.includes(edge.relation)) continue;
    const end = found.get(edge.id) || { id: edge.id, label: edge.label, type: edge.type, edges: [] };
    end.edges.push(edge);
    found.set(edge.id, end);
  }
  return [...found.values()];
}

function box(x, y, title, subtitle, full, kind) {
  return draw("g", {}, draw("title", {}, full),
    draw("rect", { x, y, width: BOX.width, height: BOX.height, rx: 5, class: kind }),
    draw("text", { x: x + 9, y: y + 15 }, short(title, 34)), draw("text", { x: x + 9, y: y + 29, class: "dim" }, short(subtitle, 40)));
}

function linked(end, x, y) {
  const words = [...new Set(end.edges.map((edge) => EDGE_WORDS[edge.relation]))].join(", ");
  const anchor = draw("a", { href: `#findings?${new URLSearchParams({ q: end.id, outcome: "ANY" })}` });
  anchor.append(box(x, y, end.label, `${end.type}: ${words}`, `${end.id}: ${words}`, "end"));
  return anchor;
}

function curve(from, to, edge, offset) {
  const middle = (from.x + to.x) / 2;
  const y1 = from.y + offset, y2 = to.y + offset;
  return draw("path", { class: `edge ${edge.relation}${edge.certain ? "" : " open"}`, d: `M${from.x},${y1} C${middle},${y1} ${middle},${y2} ${to.x},${y2}` });
}

function column(key, relations, x, centre, side, height) {
  const all = ends(key, relations);
  const shown = all.slice(0, SIDE);
  const hidden = Math.max(all.length - shown.length, ...relations.map((relation) => (key.totals[relation] || 0) - edgesOf(key, relation).length), 0);
  const step = BOX.height + BOX.gap;
  const top = (height - (shown.length + (hidden ? 1 : 0)) * step) / 2;
  const parts = shown.flatMap((end, index) => {
    const y = top + index * step;
    const from = { x: side === "left" ? x + BOX.width : x, y: y + BOX.height / 2 };
    return [...end.edges.map((edge, number) => curve(from, centre, edge, (number - (end.edges.length - 1) / 2) * 4)), linked(end, x, y)];
  });
  if (hidden) parts.push(draw("text", { x: x + 9, y: top + shown.length * step + 20, class: "dim" }, `and ${hidden.toLocaleString("en")} more in the tables below`));
  return parts;
}

function neighbourhood(key) {
  const left = ["can_administer", "can_use", "can_grant", "granted"], right = ["protects", "replica_of"];
  const steps = key.chain.length || 1;
  const rows = Math.max(...[left, right].map((relations) => Math.min(ends(key, relations).length, SIDE) + 1), steps * 1.6);
  const height = Math.ceil(rows * (BOX.height + BOX.gap) + 20), width = 1000, middle = (width - BOX.width) / 2;
  const gap = 24, top = (height - steps * (BOX.height + gap) + gap) / 2;
  const at = (index) => top + index * (BOX.height + gap);
  const centre = (x) => ({ x, y: at(steps - 1) + BOX.height / 2 });
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Neighbourhood of ${key.label}; the tables below say the same in words` });
  svg.append(...column(key, left, 0, centre(middle), "left", height), ...column(key, right, width - BOX.width, centre(middle + BOX.width), "right", height));
  key.chain.forEach((step, index) => {
    if (index) svg.append(draw("line", { class: "edge", x1: width / 2, x2: width / 2, y1: at(index - 1) + BOX.height, y2: at(index) }));
    svg.append(box(middle, at(index), step.label, `${step.type}: ${step.state}`, `${step.type} ${step.id}`, index === steps - 1 ? "key" : "step"));
  });
  if (!key.chain.length) svg.append(box(middle, at(0), key.label, key.custody, key.arn, "key"));
  return make("figure", {}, make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Drawing" }, svg), make("figcaption", {}, legend(key)));
}

function legend(key) {
  const present = data.relations.filter(([relation]) => edgesOf(key, relation).length);
  const items = present.map(([relation]) => [relation, "", EDGE_WORDS[relation]]);
  if (key.edges.some((edge) => !edge.certain)) items.push(["", " open", "only on conditions"]);
  return make("ul", { class: "legend" }, items.map(([relation, open, words]) => {
    const sample = draw("svg", { width: 34, height: 10, viewBox: "0 0 34 10", "aria-hidden": "true" });
    sample.append(draw("line", { class: `edge ${relation}${open}`, x1: 0, x2: 34, y1: 5, y2: 5 }));
    return make("li", {}, sample, " ", words);
  }));
}
