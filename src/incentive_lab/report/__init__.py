"""Documents for people: the programme guide and partner statements, as web pages and as PDF."""
