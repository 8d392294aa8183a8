"""A report as one HTML file: no script, nothing from elsewhere, light and dark, wide and narrow, and on paper.

Figures stand in it as data; curves as SVG, so that they print at any size. The policy in its head lets a browser load
nothing else.
"""

import base64
import hashlib
import html

from bench.reporting.document import Block, Bullets, Code, Document, Figure, Heading, Paragraph
from bench.reporting.figures import encoded, width_of
from bench.tables.html_table import html_text, words_html

STYLE = """
:root { color-scheme: light dark; --ink: #1d2126; --paper: #fff; --line: #d5dade; --faint: #59636d; --raised: #f4f6f7 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaed; --paper: #14181b; --line: #363e45; --faint: #a3adb6; --raised: #1d2327 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 58rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
       font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
       overflow-wrap: break-word }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .4rem 0 }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 2.6rem 0 .6rem; padding-top: .8rem;
     border-top: 1px solid var(--line) }
h3 { font-size: 1.15rem; margin: 2rem 0 .5rem }
h4 { font-size: 1rem; margin: 1.5rem 0 .4rem; color: var(--faint); text-transform: uppercase; letter-spacing: .05em }
p, li { max-width: 46rem }
a { color: inherit }
nav { font-size: .9rem; margin: 1.2rem 0; padding: .7rem 1.1rem; background: var(--raised); border-radius: .5rem }
nav ul { list-style: none; margin: 0; padding: 0; columns: 18rem }
nav li { margin: .15rem 0; break-inside: avoid }
nav li.inner { padding-left: 1rem; color: var(--faint) }
code, pre { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
code { font-size: .88em; background: var(--raised); padding: .05em .25em; border-radius: .2em }
pre { font-size: .82rem; line-height: 1.5; background: var(--raised); padding: .8rem 1rem; border-radius: .5rem;
      overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.scroll { overflow-x: auto; margin: 1.2rem 0 }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums }
caption { padding-bottom: .4rem; text-align: left; font-weight: 600 }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { border-bottom-width: 2px; line-height: 1.3; vertical-align: bottom }
td.number { white-space: nowrap }
.text { text-align: left }
.number { text-align: right }
.notes { padding-left: 1.2rem; color: var(--faint); font-size: .82rem; margin: .4rem 0 }
figure { margin: 1.4rem 0 }
figure img { display: block; height: auto; max-width: 100%; background: #fff; border-radius: .3rem }
figcaption { font-size: .86rem; color: var(--faint); margin-top: .4rem; max-width: 46rem }
.authors { color: var(--faint); margin: 0 0 1rem }
@page { margin: 18mm }
@media print {
  :root { --ink: #000; --paper: #fff; --line: #bbb; --faint: #444; --raised: #f4f4f4 }
  body { max-width: none; padding: 0; font-size: 10pt }
  nav { display: none }
  h2, h3, h4, caption { break-after: avoid }
  figure, tr, pre { break-inside: avoid }
  .scroll { overflow: visible }
  table { font-size: 7.5pt }
  thead { display: table-header-group }
}
"""
SHARES = 20  # of the width that a figure may take


def html_report(document: Document, scale: float) -> bytes:
    """The whole file in UTF-8."""
    style = STYLE + "".join(f".w{place} {{ width: {100 * place / SHARES:g}% }}\n" for place in range(1, SHARES + 1))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    authors = f'<p class="authors">{words_html(document.authors)}</p>\n' if document.authors else ""
    body = "\n".join(_block(block, place, scale) for place, block in enumerate(document.blocks))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(document.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{words_html(document.title)}</h1>\n{authors}{_contents(document)}{body}\n</main>\n</body>\n</html>\n"
    ).encode()


def _contents(document: Document) -> str:
    found = [(place, one) for place, one in enumerate(document.blocks) if isinstance(one, Heading) and one.level < 3]
    lines = "".join(
        f'<li class="{"inner" if one.level == 2 else "outer"}"><a href="#s{place}">{words_html(one.text)}</a></li>\n'
        for place, one in found
    )
    return f'<nav aria-label="Contents">\n<ul>\n{lines}</ul>\n</nav>\n' if len(found) > 1 else ""


def _block(block: Block, place: int, scale: float) -> str:
    match block:
        case Heading(text, level):
            return f'<h{level + 1} id="s{place}">{words_html(text)}</h{level + 1}>'
        case Paragraph(text):
            return f"<p>{words_html(text)}</p>"
        case Bullets(items):
            return f"<ul>\n{''.join(f'<li>{words_html(item)}</li>{chr(10)}' for item in items)}</ul>"
        case Code(text):
            return f"<pre>{html.escape(text)}</pre>"
        case Figure():
            return _figure(block, scale)
        case _:
            return f'<div class="scroll" tabindex="0">\n{html_text(block)}</div>'


def _figure(figure: Figure, scale: float) -> str:
    """Images as PNG, which stays as sharp as it is; lines as SVG."""
    kind, media = ("png", "png") if figure.pixels else ("svg", "svg+xml")
    data = base64.b64encode(encoded(figure, kind, scale)).decode()  # type: ignore[arg-type]
    width = max(1, round(width_of(figure, scale) * SHARES))
    caption = html.escape(figure.caption)
    picture = f'<img class="w{width}" alt="{caption}" src="data:image/{media};base64,{data}">'
    return f'<figure id="{html.escape(figure.name)}">\n{picture}\n<figcaption>{caption}</figcaption>\n</figure>'
