"""The site: README and docs/ as they stand, built by `make site` without a request to anywhere.

The repository is the source directory, so that links between the pages hold there and on the site alike. The navigation
holds NAVIGATION, the folders of generated pages, and last what nothing of that names.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

from rule_pages import all_rules

import scanner

project = "keyproof"
version = release = scanner.__version__
project_copyright = ""
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "docs/**.md"]
exclude_patterns = [".*", "build", "site", "demo-out", "scanner", "tests", "benchmarks", "fixtures", "policies"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "keyproof"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
smartquotes = False

NAVIGATION = {
    "Guides": ("nightly", "terraform", "access", "attestation", "waivers", "exports", "writing-rules"),
    "Reference": (
        "cli",
        "settings",
        "resource-types",
        "rules/README",
        "standards/README",
        "contributing",
        "../CHANGELOG",
    ),
}
"""Caption to pages below docs/; standards and rules follow by themselves."""


def navigation() -> str:
    """The table of contents that the site's first page carries, invisibly."""
    trees = [_tree(caption, [f"docs/{page}" for page in pages]) for caption, pages in NAVIGATION.items()]
    named = {page for pages in NAVIGATION.values() for page in pages}
    others = sorted(path.stem for path in Path(__file__).parent.glob("*.md") if path.stem not in named)
    if others:
        trees.append(_tree("More", [f"docs/{page}" for page in others]))
    standards = sorted(path.stem for path in Path(__file__).parent.glob("standards/*.md") if path.stem != "README")
    trees.append(_tree("Standards", [f"docs/standards/{name}" for name in standards]))
    rules = all_rules()
    for theme in sorted({rule.info.theme for rule in rules}):
        names = sorted(rule.info.id for rule in rules if rule.info.theme == theme)
        trees.append(_tree(f"Rules: {theme}", [f"{name} <docs/rules/{name}>" for name in names]))
    return "\n".join(trees)


def _tree(caption: str, entries: list[str]) -> str:
    lines = "\n".join(entries).replace("docs/../", "")
    return f"```{{toctree}}\n:hidden:\n:titlesonly:\n:maxdepth: 1\n:caption: {caption}\n\n{lines}\n```\n"


def add_navigation(_: Sphinx, page: str, source: list[str]) -> None:
    """README on GitHub needs no table of contents; the site does."""
    if page == root_doc:
        source[0] += f"\n{navigation()}"


def add_front_door(app: Sphinx, _: Exception | None) -> None:
    """`site/index.html` leads to the first page."""
    page = f"{root_doc}.html"
    (Path(app.outdir) / "index.html").write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html_title}</title>'
        f'<meta http-equiv="refresh" content="0; url={page}"></head>'
        f'<body><a href="{page}">{html_title}</a></body></html>\n',
        encoding="utf-8",
    )


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_navigation)
    app.connect("build-finished", add_front_door)
