"""Data: the history in use, its health, and the way to another one."""

from app import framed

if framed():
    from incentive_lab.ui.data_page import data_page

    data_page()
