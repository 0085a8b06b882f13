"""A document as PDF, set by Typst; the same document gives the same bytes."""

from __future__ import annotations

import json
from typing import Any

from incentive_lab.format import unbroken
from incentive_lab.report.blocks import Document

# The content travels as data, so nothing in it can be read as markup.
_TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, date: none)
#set page(paper: "a4", margin: (x: 2.3cm, y: 2.4cm), footer: context [
  #set text(8pt, fill: rgb("#43506a"))
  #data.footer #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(font: "Libertinus Serif", size: 10.5pt, fill: rgb("#0b1020"), lang: "en")
#set par(leading: 0.68em, spacing: 1em)
#show heading.where(level: 1): it => block(above: 1.6em, below: 0.7em, text(14pt, it.body))
#show heading.where(level: 2): it => block(above: 1.3em, below: 0.5em, text(11.5pt, it.body))
#text(20pt, weight: "bold", data.title)
#v(-0.6em)
#text(fill: rgb("#43506a"), data.subtitle)
#for one in data.blocks {
  if one.kind == "heading" { heading(level: one.level, one.text) }
  else if one.kind == "paragraph" { par(one.text) }
  else if one.kind == "points" { list(..one.items.map(item => [#item])) }
  else if one.kind == "example" {
    block(width: 100%, inset: 9pt, radius: 2pt, fill: rgb("#eef3fc"), stroke: (left: 2.5pt + rgb("#1552c4")),
      breakable: false)[*Example.* #one.text]
  } else if one.kind == "figures" {
    grid(columns: (1fr,) * one.items.len(), gutter: 7pt, ..one.items.map(item =>
      block(width: 100%, height: 52pt, inset: 7pt, radius: 2pt, stroke: 0.6pt + rgb("#d3dae6"))[
        #set par(leading: 0.5em)
        #text(8pt, fill: rgb("#43506a"), item.at(0)) #linebreak()
        #text(13.5pt, weight: "bold", item.at(1)) #linebreak()
        #text(8pt, fill: rgb("#43506a"), item.at(2))]))
  } else if one.kind == "picture" {
    block(breakable: false, above: 1.2em, below: 1.2em)[
      #text(9.5pt, weight: "bold", one.caption)
      #v(-0.5em)
      #image(bytes(one.svg), format: "svg", width: 100%, alt: one.alt)]
  } else {
    set text(9.5pt)
    table(columns: (1fr,) + (auto,) * (one.heads.len() - 1), stroke: none, inset: (x: 5pt, y: 4.5pt),
      align: (x, y) => if one.words.contains(x) { left } else { right },
      table.header(..one.heads.map(cell => text(fill: rgb("#43506a"), weight: "bold", cell))),
      table.hline(stroke: 0.7pt + rgb("#9aa5b8")),
      ..one.rows.flatten().map(cell => [#cell]),
      table.hline(stroke: 0.4pt + rgb("#d3dae6")))
  }
}
"""


def pdf_bytes(document: Document) -> bytes:
    """The document as a PDF file."""
    import typst

    data = json.dumps(_laid_out(document.plain()), ensure_ascii=False)
    made: bytes = typst.compile(_TEMPLATE.encode(), sys_inputs={"data": data}, ignore_system_fonts=True, timestamp=0)
    return made


def _laid_out(content: Any) -> Any:
    """The content with no line that ends between a number and its unit; pictures as they are."""
    if isinstance(content, str):
        return unbroken(content)
    if isinstance(content, dict):
        return {name: part if name == "svg" else _laid_out(part) for name, part in content.items()}
    return [_laid_out(part) for part in content] if isinstance(content, (list, tuple)) else content
