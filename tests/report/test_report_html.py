"""The page in a real browser: what it shows, that the keyboard drives it, and that nothing in it can run."""

import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
import samples
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import expect, sync_playwright

from scanner.model.rule import Severity
from scanner.report import FORMATS, RenderOptions
from scanner.report.html import ASSETS

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser():
    path = os.environ.get("KEYPROOF_CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        message = f"no Chromium at {path}: apt-get install -y chromium, or set KEYPROOF_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a report; afterwards nothing but the file may have been asked for, and nothing may have gone wrong."""
    contexts, troubles = [], []

    def open_report(report, page="", options=None, **context):
        file = tmp_path / "report.html"
        file.write_text(FORMATS["html"].render(report, options or RenderOptions()), encoding="utf-8")
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | context))
        tab = contexts[-1].new_page()
        tab.set_default_timeout(5000)
        tab.on("request", lambda request: troubles.append(request.url) if request.url.split("#")[0] != url else None)
        tab.on("console", lambda message: troubles.append(message.text))
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on("dialog", lambda dialog: troubles.append(dialog.message))
        url = file.as_uri()
        tab.goto(f"{url}{page}")
        return tab

    yield open_report
    for context in contexts:
        context.close()
    assert troubles == []


PAGES = ("#summary", "#findings", "#standards", "#framework/pci-dss-4.0.1", "#keys", "#key/0", "#changes", "#gaps")
PAGES += ("#trends", "#waivers", "#audit")


def go(tab, page):
    """Turn to a page and wait until the report has noticed."""
    turn = """page => new Promise(done => {
        if (location.hash === page) done();
        addEventListener("hashchange", () => done(), {once: true});
        location.hash = page;
    })"""
    tab.evaluate(turn, page)


def test_the_summary_leads_with_completeness_and_the_verdict(opened, full):
    tab = opened(full)
    expect(tab.locator("#banner")).to_contain_text("Incomplete. 2 reads failed")
    expect(tab.locator(".conclusion")).to_have_text("4 failures in 7 assessed verdicts.")
    expect(tab.locator(".card.critical b")).to_have_text("1")
    expect(tab.locator("#summary")).to_contain_text("expired on 2026-10-31")


def test_trends_are_drawn_and_told_in_tables(opened, full):
    tab = opened(full, "#trends")
    lines = tab.locator("svg.trend g")
    drawn = ["critical", "high", "medium", "low", "info"]
    assert lines.evaluate_all("groups => groups.map(g => g.className.baseVal)") == drawn
    assert tab.locator("svg.trend circle").count() == 15
    assert tab.locator("svg.trend circle.partial").count() == 5
    expect(tab.locator("svg.trend desc")).to_contain_text("3 runs from 2026-11-20 03:00 to 2026-11-22 03:00")
    for one in tab.locator("#trends svg").all():
        assert len(tab.locator(f"#{one.get_attribute('aria-labelledby').split()[0]}").text_content()) > 10
    expect(tab.locator("#trends tbody tr").first).to_contain_text("this run")
    assert tab.locator("svg.bars").first.locator("rect").evaluate_all("bars => bars.map(b => b.getBBox().width)") == [
        380,
        pytest.approx(380 * 2.5 / 21, abs=0.1),
    ]
    expect(tab.locator("#trends")).to_contain_text("21.0 days")
    heights = lines.locator("text").evaluate_all("texts => texts.map(t => t.getBBox().y).sort((a, b) => a - b)")
    assert all(lower - upper >= 13 for upper, lower in pairwise(heights))


def test_a_first_run_has_nothing_to_draw_and_a_report_without_history_no_trends(opened, full):
    first = opened(replace(full, trend=()), "#trends")
    expect(first.locator("#trends")).to_contain_text("This is the first run")
    assert first.locator("svg.trend").count() == 0
    assert opened(replace(full, trend=(), fixes=None), "#trends").locator("#trends").count() == 0


def test_one_page_is_shown_at_a_time(opened, full):
    tab = opened(full)
    for page in PAGES[:-1]:
        go(tab, page)
        expect(tab.locator("main > section:visible")).to_have_count(1)
        expect(tab.locator("nav a[aria-current]")).to_have_count(1)


def test_an_unknown_page_falls_back_to_the_summary(opened, full):
    expect(opened(full, "#nothing").locator("#summary")).to_be_visible()


def test_findings_to_act_on_come_first_and_worst_first(opened, full):
    tab = opened(full, "#findings")
    expect(tab.locator("#findings-status")).to_contain_text("6 findings of 9")
    rows = tab.locator("#findings-table tbody tr")
    expect(rows.first).to_contain_text("pci-resource-off-cks")
    expect(rows.last).to_contain_text("NOT ASSESSED")


def test_the_keyboard_searches_walks_and_opens(opened, full):
    tab = opened(full, "#findings")
    tab.keyboard.press("/")
    tab.keyboard.type("payments-store")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(1)
    tab.keyboard.press("Escape")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(6)
    tab.locator("#findings-h").click()
    for key in "jjk":
        tab.keyboard.press(key)
    tab.keyboard.press("Enter")
    expect(tab.locator("tr.detail")).to_contain_text("in scope pci by its tag DataClass=pci")
    tab.keyboard.press("Enter")
    expect(tab.locator("tr.detail")).to_have_count(0)


def test_the_keyboard_alone_leads_from_the_search_to_its_rows(opened, full):
    tab = opened(full, "#findings")
    tab.keyboard.press("/")
    tab.keyboard.type("payments-store")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(1)
    tab.keyboard.press("Enter")
    tab.keyboard.press("Enter")
    expect(tab.locator("tr.detail")).to_have_count(1)
    tab.keyboard.press("/")
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    tab.keyboard.press("j")
    expect(tab.locator("[name=q]").first).to_have_value("")
    tab.keyboard.press("Enter")
    expect(tab.locator("tr.detail")).to_have_count(1)


def test_filters_narrow_the_list_and_live_in_the_address(opened, full):
    tab = opened(full, "#findings")
    tab.select_option("[name=outcome]", "NOT_ASSESSED")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(1)
    assert tab.evaluate("location.hash") == "#findings?outcome=NOT_ASSESSED"
    tab.select_option("[name=outcome]", "ANY")
    tab.select_option("[name=status]", "waived")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(1)
    tab.click("button[type=reset]")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(6)
    tab.goto(tab.url.split("#")[0] + "#findings?outcome=ANY&control=pci-dss-4.0.1%2F3.7.6&region=us-east-1")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(1)


def test_a_long_list_is_paged_by_keyboard(opened):
    tab = opened(samples.large_report(5000), "#findings")
    expect(tab.locator("#findings-status")).to_have_text("3,000 findings of 5,000, page 1 of 30")
    tab.locator("#findings-h").click()
    tab.keyboard.press("n")
    expect(tab.locator("#findings-status")).to_contain_text("page 2 of 30")
    tab.keyboard.press("p")
    assert tab.locator("#findings-table tbody tr").count() == 100
    tab.fill("[name=q]", "bucket-000042")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(0)
    tab.select_option("[name=outcome]", "ANY")
    expect(tab.locator("#findings-table tbody tr")).to_have_count(1)


def test_a_requirement_shows_its_verdict_and_unfolds_its_evidence(opened, full):
    tab = opened(full, "#framework/pci-dss-4.0.1")
    rows = tab.locator("section:visible table.requirements > tbody > tr")
    assert [text.split("\n")[0] for text in rows.locator("> th").all_inner_texts()] == [
        "3.6.1.3",
        "3.7.4",
        "3.7.6",
        "3.7.8",
        "3.7.10",
        "7.2.4",
    ]
    assert rows.locator("> td .badge").all_inner_texts() == ["FAIL", "FAIL", "FAIL", "MANUAL", "FAIL", "NOT COVERED"]
    rows.nth(2).get_by_role("button").press("Enter")
    expect(tab.locator("tr.detail")).to_contain_text("Allow kms:* to arn:aws:iam::111122223333:role/ops")
    expect(tab.locator("tr.detail")).to_contain_text("kms:ListGrants AccessDeniedException")


def test_a_requirement_whose_subjects_may_be_missing_is_never_shown_as_passed(opened):
    rule = samples.a_rule(controls=samples.OFF_CKS.controls, subject="resource")
    passed = samples.a_finding(rule, outcome=samples.Outcome.PASS)
    tab = opened(samples.a_report(passed, rules=(rule,), gaps=(samples.VOLUMES_GAP,)), "#framework/pci-dss-4.0.1")
    assert set(tab.locator("section:visible td .badge").all_inner_texts()) == {"NOT ASSESSED"}
    expect(tab.locator("section:visible").first).to_contain_text("subjects may be missing: ec2:DescribeVolumes")


def test_a_key_page_shows_custody_access_and_what_is_unknown(opened, full):
    tab = opened(full, "#keys")
    tab.get_by_role("link", name="alias/payments").click()
    expect(tab.locator(".chain li")).to_have_text(
        [
            re.compile("cluster cluster-0abc\\s*ACTIVE"),
            re.compile("payments-store\\s*CONNECTED"),
            re.compile("alias/payments\\s*Enabled"),
        ]
    )
    body = tab.locator("#key-body")
    for words in (
        "Protects (412)",
        "and 411 more that are not listed here",
        "key-policy/default#/Statement/1",
        "kms:ViaService is rds.eu-west-1.amazonaws.com",
        "May create grants (0 + ?)",
        "Not fully known: iam:GetAccountAuthorizationDetails AccessDenied",
    ):
        expect(body).to_contain_text(words)
    assert tab.locator("#key-body svg rect").count() == 7
    assert tab.locator("#key-body svg path.open").count() == 1
    tab.get_by_role("link", name="ops").first.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#findings")).to_be_visible()


def test_a_key_with_thousands_of_neighbours_is_still_drawn(opened, full):
    edge = samples.KEY_PAGE.edges[0]
    edges = tuple(replace(edge, id=f"arn:aws:s3:::b{n}", label=f"b{n}") for n in range(3000))
    tab = opened(replace(full, key_pages=(replace(samples.KEY_PAGE, edges=edges, totals={}),)), "#key/0")
    expect(tab.locator("#key-body figure")).to_contain_text("and 2,988 more in the tables below")
    tab.get_by_role("button", name="Show 100 of 2,900 more").click()
    expect(tab.locator("#key-body tbody tr")).to_have_count(200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(opened, full, scheme):
    tab = opened(full, color_scheme=scheme)
    for page in PAGES:
        go(tab, page)
        for button in tab.locator("button.row:visible, button.evidence:visible").all()[:1]:
            button.click()
        found = Axe().run(tab).response["violations"]
        serious = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], page


def test_dark_mode_is_dark(opened, full):
    luminance = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + +b, 0)"
    assert opened(full, color_scheme="dark").evaluate(luminance) < 150
    assert opened(full, color_scheme="light").evaluate(luminance) > 600


@pytest.mark.parametrize("width", [360, 800])
def test_no_page_is_wider_than_a_small_screen(opened, full, width):
    tab = opened(full, viewport={"width": width, "height": 800})
    for page in PAGES:
        go(tab, page)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, page


@pytest.mark.parametrize("attack", samples.HOSTILE)
def test_a_hostile_name_is_shown_and_does_nothing(opened, attack):
    tab = opened(samples.hostile_report(samples.HOSTILE[attack]), "#audit")
    for page in ("#findings?outcome=ANY", *PAGES):
        go(tab, page)
        for button in tab.locator("button.row:visible, button.evidence:visible").all()[:2]:
            button.click()
    assert tab.locator("script, img, iframe, object, embed, form[action], base, meta[http-equiv=refresh]").count() == 2
    assert tab.locator("a:not([href^='#']):not([href^='https://www.pcisecuritystandards.org/'])").count() == 0
    assert not tab.locator("body").inner_text().count("\u202e")


def test_the_policy_blocks_what_is_not_ours(browser, full, tmp_path):
    """Even if a mistake let markup through, the content security policy would stop it."""
    file = tmp_path / "report.html"
    text = FORMATS["html"].render(full, RenderOptions())
    injected = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
    file.write_text(text.replace("<main", f"{injected}<main", 1))
    tab = browser.new_page()
    tab.goto(file.as_uri())
    assert tab.evaluate("window.owned") is None
    tab.close()


def test_printing_shows_the_whole_report_without_controls(opened, full):
    tab = opened(full, "#findings")
    pdf = tab.pdf()
    assert pdf.startswith(b"%PDF")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    for part in ("#summary", "#standards", "#gaps", "#waivers", "#audit"):
        expect(tab.locator(part)).to_be_visible()
    for part in ("nav", "#filters", "#findings"):
        expect(tab.locator(part)).to_be_hidden()
    expect(tab.locator("#audit tbody tr")).to_have_count(6)


def test_print_keeps_to_a_thousand_rows_and_says_so(opened):
    tab = opened(samples.large_report(3000), "#audit")
    expect(tab.locator("#audit tbody tr")).to_have_count(1000)
    expect(tab.locator("#audit-note")).to_contain_text("The 1,000 worst of 1,800 findings")


def test_without_a_script_the_summary_standards_and_gaps_can_be_read(opened, full):
    tab = opened(full, java_script_enabled=False)
    for words in ("4 failures in 7 assessed verdicts", "PCI DSS v4.0.1", "ec2:DescribeVolumes", "replaced in January"):
        assert words in tab.locator("main").inner_text()


def test_a_cut_report_and_a_severity_filter_are_said_on_the_page(opened, full):
    tab = opened(full, options=RenderOptions(severity=Severity.HIGH))
    expect(tab.locator("#summary")).to_contain_text("Findings below high are counted but not listed.")


def test_the_template_trusts_nothing_but_our_own_files():
    template = (ASSETS / "report.html.j2").read_text()
    assert "|safe" not in template.replace(" ", "")
    assert not re.search(r"(src|href)=\"https?:", template)
    assert " style=" not in template
    assert not re.search(r" on\w+=", template)
