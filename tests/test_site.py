"""The site builds offline without a broken link, and what it shows comes from its own folder."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parent.parent
LOADED = re.compile(r"""<(?:script|img|source|iframe|link)\b[^>]*?\b(?:src|href)=["']([^"']+)""")
FOLLOWED = re.compile(r"""<a\b[^>]*?\bhref=["']([^"']+)""")
ANCHOR = re.compile(r"""\bid=["']([^"']+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make site` does: every warning, such as a link that leads nowhere, is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", "-d", str(folder / "trees")]
    run = subprocess.run([*command, ".", str(folder / "html")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    return folder / "html"


def links(site: Path, pattern: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    for page in sorted(site.rglob("*.html")):
        for link in pattern.findall(page.read_text("utf-8")):
            yield page, link.replace("&amp;", "&")


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    assert {link for _, link in links(site, LOADED) if urlsplit(link).netloc} == set()
    styles = [path.read_text("utf-8") for path in site.rglob("*.css")]
    assert [style for style in styles if re.search(r"@import|url\(\s*[\"']?(https?:)?//", style)] == []


def test_every_link_between_pages_leads_somewhere(site: Path) -> None:
    anchors = {page.resolve(): set(ANCHOR.findall(page.read_text("utf-8"))) for page in site.rglob("*.html")}
    lost = []
    for page, link in links(site, FOLLOWED):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
        if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors.get(target, {""})):
            lost.append((page.name, link))
    assert lost == []


def test_the_navigation_holds_every_rule_standard_and_guide(site: Path) -> None:
    text = (site / "README.html").read_text("utf-8")
    pages = [path.relative_to(ROOT).with_suffix(".html") for path in sorted((ROOT / "docs").rglob("*.md"))]
    assert len(pages) > 70
    assert [str(page) for page in pages if f'href="{page}"' not in text] == []
    assert 'url=README.html"' in (site / "index.html").read_text("utf-8")
