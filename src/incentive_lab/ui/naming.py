"""What results are kept under: a scheme's fingerprint, and with it what the scheme says. Knows nothing of Streamlit."""

from __future__ import annotations

from collections import OrderedDict

from incentive_lab.scheme import fingerprint as fingerprints
from incentive_lab.scheme.document import Scheme

_NAMED: OrderedDict[int, tuple[Scheme, str]] = OrderedDict()


def fingerprint(scheme: Scheme) -> str:
    """A scheme's fingerprint, remembered for the documents in use (working one out takes milliseconds)."""
    held = _NAMED.get(id(scheme))
    if held is None or held[0] is not scheme:
        held = (scheme, fingerprints.fingerprint(scheme))
        _NAMED[id(scheme)] = held
        while len(_NAMED) > 256:
            _NAMED.popitem(last=False)
    return held[1]


def identity(scheme: Scheme) -> str:
    """The fingerprint and what the scheme calls itself, its rules and its measures.

    A replay carries its document to the screen, so schemes that pay the same by other names are not the same to look at.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: NAME, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: units, rate: 2%}]}"
        >>> one, other = loads(text.replace("NAME", "one")), loads(text.replace("NAME", "other"))
        >>> fingerprint(one) == fingerprint(other), identity(one) == identity(other)
        (True, False)
    """
    rules = [rule.label for rule in scheme.rules]
    measures = [(one.label, one.help) for one in scheme.measures.values()]
    return repr((fingerprint(scheme), scheme.id, scheme.title, scheme.author, scheme.reason, rules, measures))
