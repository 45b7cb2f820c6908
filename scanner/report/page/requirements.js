// Evidence for one requirement, unfolded under its row: the verdicts of the rules that cite it, worst first.
const EVIDENCE_ROWS = 20;

function evidenceFor(control) {
  const all = data.findings.filter(citing(control)).filter((finding) => finding[OUTCOME] < 3);
  const rows = all.slice(0, EVIDENCE_ROWS).map((finding) => make("tr", {},
    make("td", {}, badge(OUTCOMES[finding[OUTCOME]])), make("td", { class: "wide" }, data.rules[finding[RULE]].id), subjectCell(finding),
    make("td", { class: "what" }, finding[OUTCOME] === 1 ? finding[REASONS].join("; ") || finding[MESSAGE] : finding[MESSAGE], list(finding[EVIDENCE]),
      finding[WAIVER] ? make("span", { class: "doubt" }, finding[WAIVER]) : "")));
  if (!rows.length) return make("p", {}, "No verdict is listed in this report; the counts come from the evaluation.");
  return [make("table", {}, make("tbody", {}, rows)),
    make("p", {}, link("findings", { control, outcome: "ANY" }, `All verdicts (${all.length.toLocaleString("en")})`))];
}

for (const button of document.querySelectorAll("button.evidence")) {
  button.addEventListener("click", () => {
    const row = button.closest("tr");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    button.firstChild.textContent = open ? "Show evidence" : "Hide evidence";
    if (open) row.nextSibling.remove();
    else row.after(make("tr", { class: "detail" }, make("td", { colspan: 6 }, evidenceFor(button.dataset.control))));
  });
}
