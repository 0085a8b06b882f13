"""A document as one web page that needs nothing else; it prints well."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from incentive_lab.format import unbroken
from incentive_lab.report.blocks import Block, Document, Example, Figures, Heading, Paragraph, Picture, Points, Table

STYLE = """
body { font: 16px/1.55 "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif; color: #0b1020;
  max-width: 46rem; margin: 2.5rem auto; padding: 0 1.25rem; background: #ffffff; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .5rem; border-bottom: 1px solid #d3dae6; padding-bottom: .25rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; }
.subtitle, footer { color: #43506a; }
footer { margin-top: 3rem; font-size: .85rem; border-top: 1px solid #d3dae6; padding-top: .6rem; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .55rem; border-bottom: 1px solid #e3e8f0; vertical-align: top; }
th { color: #43506a; font-weight: 600; }
.words { text-align: left; }
.example { background: #eef3fc; border-left: 4px solid #1552c4; padding: .6rem .9rem; border-radius: .3rem; margin: .6rem 0 1rem; }
.figures { display: flex; gap: .8rem; margin: 1rem 0; }
.figures div { flex: 1; border: 1px solid #d3dae6; border-radius: .3rem; padding: .5rem .7rem; display: grid; }
.figures strong { font-size: 1.25rem; } .figures span, figcaption { color: #43506a; font-size: .85rem; }
figure { margin: 1rem 0; } figure img { width: 100%; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } h2, h3 { break-after: avoid; }
  .example, tr { break-inside: avoid; } }
"""


def html_page(document: Document) -> str:
    """The document as a complete HTML page; every text is shown as it is, never as markup.

    Example:
        >>> "&lt;b&gt;" in html_page(Document("<b>", "", ()))
        True
    """
    body = "\n".join(_block(block) for block in document.blocks)
    title = _shown(document.title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style>\n</head>\n'
        f'<body>\n<main>\n<h1>{title}</h1>\n<p class="subtitle">{_shown(document.subtitle)}</p>\n{body}\n</main>\n'
        f"<footer>{_shown(document.footer)}</footer>\n</body>\n</html>\n"
    )


def _shown(text: str) -> str:
    """Text that HTML shows as it is, with no line that ends between a number and its unit."""
    return unbroken(escape(text))


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level + 1}>{_shown(text)}</h{level + 1}>"
        case Paragraph(text):
            return f"<p>{_shown(text)}</p>"
        case Points(items):
            return "<ul>" + "".join(f"<li>{_shown(item)}</li>" for item in items) + "</ul>"
        case Example(text):
            return f'<div class="example"><strong>Example.</strong> {_shown(text)}</div>'
        case Figures(items):
            shown = "".join(
                f"<div><span>{_shown(label)}</span><strong>{_shown(value)}</strong><span>{_shown(note)}</span></div>"
                for label, value, note in items
            )
            return f'<div class="figures">{shown}</div>'
        case Picture(svg, caption, alt):
            data = b64encode(svg.encode()).decode()
            return (f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{_shown(alt)}">'
                    f"<figcaption>{_shown(caption)}</figcaption></figure>")  # fmt: skip
        case Table():
            return _table(block)


def _table(block: Table) -> str:
    def cell(tag: str, place: int, text: str, scope: str = "") -> str:
        words = ' class="words"' if place in block.words else ""
        return f"<{tag}{scope}{words}>{_shown(text)}</{tag}>"

    head = "".join(cell("th", place, text, ' scope="col"') for place, text in enumerate(block.heads))
    rows = "".join(
        "<tr>" + "".join(cell("td", place, text) for place, text in enumerate(row)) + "</tr>" for row in block.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
