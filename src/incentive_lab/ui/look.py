"""The little that the theme cannot say: cards on the canvas, figures of equal width, a visible focus, charts in the dark."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from incentive_lab.charts.dark import exchange

ICON = str(Path(__file__).with_name("icon.png"))
LOGO = str(Path(__file__).with_name("logo.svg"))

_STYLE = """
<style>
[class*="st-key-card-"] { background: light-dark(#ffffff, #171e2c); box-shadow: 0 1px 2px rgba(16, 32, 64, .06); }
[data-testid="stMainBlockContainer"] { padding-left: 2.25rem; padding-right: 2.25rem; }
[data-testid="stMainBlockContainer"] h1 { padding: 0.2rem 0 0.5rem; line-height: 1.2; }
[class*="st-key-card-"] h2 { padding: 0.1rem 0 0.15rem; }
[class*="st-key-bare-"] h2 { padding-bottom: 0.75rem; }
:is(.st-key-card-schemes, .st-key-card-quality) h2 { padding-bottom: 1rem; }
.st-key-toolbar kbd { display: none; }
.st-key-tiers-box { background: light-dark(#ffffff, #171e2c); border-radius: 0.5rem; }
[class*="st-key-card-"] [data-testid="stMarkdownContainer"] td[style*="right"] { white-space: nowrap; }
[class*="st-key-card-"] [data-testid="stMarkdownContainer"] table { width: 100%; font-size: 0.92rem; }
[class*="st-key-card-"] [data-testid="stMarkdownContainer"] :is(th, td) { border-width: 0 0 1px 0; padding: 0.35rem 0.5rem; }
[class*="st-key-card-"] [data-testid="stMarkdownContainer"] th { color: light-dark(#43506a, #aab6cb); font-weight: 600; }
[class*="st-key-card-"] [data-testid="stMetricValue"], [class*="st-key-card-"] table { font-variant-numeric: tabular-nums; }
[class*="st-key-card-"] [data-testid="stMarkdownContainer"]:has(> table) { overflow-x: auto; }
@media (max-width: 1520px) { [data-testid="stTopNavLink"] > span:first-child { display: none; } }
[data-testid="stMainBlockContainer"] { container: page / inline-size; }
@container page (max-width: 780px) {
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [class*="st-key-card-"]) { flex-wrap: wrap; }
  [data-testid="stColumn"]:has([class*="st-key-card-"] [data-testid="stMetric"]) { min-width: calc(50% - 0.5rem); }
  [data-testid="stColumn"]:has([class*="st-key-card-"] :is(table, [data-testid="stPlotlyChart"])) { min-width: 100%; }
}
@media (max-width: 640px) {
  [class*="st-key-card-"] [data-testid="stMarkdownContainer"] td[style*="right"] { white-space: normal; }
  [class*="st-key-card-"] [data-testid="stMarkdownContainer"] table { font-size: 0.8rem; }
  [class*="st-key-card-"] [data-testid="stMarkdownContainer"] :is(th, td) { padding: 0.3rem 0.2rem; }
}
[class*="st-key-notice-act"] { border-left: 4px solid light-dark(#b54708, #f59e5b) !important; }
[class*="st-key-notice-look"] { border-left: 4px solid light-dark(#1552c4, #7aa5ff) !important; }
[class*="st-key-notice-fine"] { border-left: 4px solid light-dark(#0b7f66, #41c9a7) !important; }
[class*="st-key-notice-"] { background: light-dark(#ffffff, #171e2c); }
.st-key-review-top h1 { font-size: 1.2rem; }
.st-key-review-screen, .st-key-review-screen [data-testid="stColumn"] > [data-testid="stVerticalBlock"] { gap: 0.6rem; }
.st-key-review-screen [class*="st-key-card-"] { padding: 0.5rem 0.9rem; gap: 0.3rem; }
.st-key-review-screen [class*="st-key-card-review-figure-"] { padding: 0.4rem 0.9rem; gap: 0; }
.st-key-review-screen [class*="st-key-card-"] :is(p, li) { font-size: 0.84rem; line-height: 1.4; }
.st-key-review-screen [class*="st-key-card-"] [data-testid="stMetricValue"] p { font-size: 1.25rem; }
.st-key-review-screen [class*="st-key-card-"] ul { padding-left: 1.1rem; }
.st-key-review-screen [class*="st-key-card-"] li { margin: 0.1rem 0; padding: 0; }
.st-key-review-screen [class*="st-key-card-"] [data-testid="stMarkdownContainer"] :is(th, td) { padding: 0.05rem 0.4rem; }
.st-key-review-screen [data-testid="stPopoverButton"] { min-height: 1.3rem; padding: 0; }
[data-testid^="stBaseButton-primary"], [data-testid="stMultiSelect"] [data-tag] { color: light-dark(#ffffff, #0e1420); }
:focus-visible { outline: 3px solid light-dark(#1552c4, #7aa5ff) !important; outline-offset: 2px; }
[data-testid="stMultiSelect"] button[aria-label="Clear all"] { min-width: 24px; min-height: 24px; }
[data-testid="stPageLink"] a { padding-left: 0; }
[class*="st-key-open-"] button { text-align: left; padding-left: 0; }
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"] { display: none !important; }
  [class*="st-key-no-print"], .st-key-card-what-if { display: none !important; }
  [data-testid="stMain"] { overflow: visible !important; }
}
</style>
"""


def apply_look() -> None:
    """Add the house style to the page."""
    st.html(_STYLE.replace("</style>", f"{exchange()}\n</style>"))
