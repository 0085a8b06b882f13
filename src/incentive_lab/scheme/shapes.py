"""What may stand at a place of a document, read from the models: known keys, choices, limits, in words."""

from __future__ import annotations

import datetime
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from incentive_lab.errors import nearest
from incentive_lab.scheme.base import Part, Tunable, one_of


def declared(metadata: object) -> Tunable | None:
    """The Tunable that a piece of Annotated metadata is or carries."""
    if isinstance(metadata, Tunable):
        return metadata
    carried = getattr(metadata, "tunable", None)
    return carried if isinstance(carried, Tunable) else None


@dataclass(frozen=True)
class Shape:
    """The forms that may stand at one place.

    Attributes:
        forms: Plain types, models and typing generics; a union is several forms.
        tunable: The declaration of the number that may stand here.
        parent_keys: Keys known beside this one.
    """

    forms: tuple[Any, ...] = ()
    tunable: Tunable | None = None
    parent_keys: tuple[str, ...] = field(default=())

    @property
    def models(self) -> tuple[type[Part], ...]:
        """The models among the forms."""
        return tuple(form for form in self.forms if isinstance(form, type) and issubclass(form, Part))

    def known(self) -> tuple[str, ...]:
        """Every key known here, as it is written in a document."""
        return tuple(info.alias or name for model in self.models for name, info in model.model_fields.items())

    def at(self, key: object) -> Shape:
        """What may stand under a key."""
        for model in self.models:
            for name, info in model.model_fields.items():
                if key in (info.alias, name):
                    return _shape((info.annotation, *info.metadata), self.known())
        values = [get_args(form)[1] for form in self.forms if get_origin(form) in (dict, Mapping)]
        return _shape(tuple(values), self.known()) if values else Shape(parent_keys=self.known())

    def item(self) -> Shape:
        """What may stand in the list that stands here."""
        items = [get_args(form) for form in self.forms if get_origin(form) in (tuple, list)]
        return _shape(tuple(one for args in items for one in args if one is not Ellipsis))

    def choices(self) -> tuple[str, ...]:
        """The words to choose from, where there are such."""
        return tuple(str(word) for form in self.forms if get_origin(form) is Literal for word in get_args(form))

    def number(self) -> Tunable | None:
        """The declaration of the numbers that stand here, however deep in mappings and lists."""
        inner = [get_args(form) for form in self.forms if get_origin(form) in (dict, Mapping, tuple, list)]
        deeper = (_shape((args[0] if args[-1] is Ellipsis else args[-1],)).number() for args in inner)
        return self.tunable or next((one for one in deeper if one is not None), None)

    def nearest(self, value: object) -> str:
        """A sentence that offers the nearest choice; empty when none is near."""
        close = nearest(value, self.choices()) if isinstance(value, str) else None
        return f"Did you mean {close}?" if close else ""

    def words(self) -> str:
        """What may stand here, as the object of a sentence.

        Example:
            >>> from incentive_lab.scheme.document import Rounding
            >>> shape_of(Rounding).at("mode").words()
            'half_up, half_even, up or down'
        """
        return one_of(list(dict.fromkeys(self._phrases()))) or "nothing"

    def _phrases(self) -> Iterator[str]:
        yield from self.choices()
        for form in self.forms:
            origin = get_origin(form)
            if form in _WORDS:
                yield _WORDS[form]
            elif origin in (tuple, list):
                yield "a list"
            elif origin in (dict, Mapping):
                yield "a mapping of names to values"
            elif form in self.models:
                known = list(self.__class__((form,)).known())
                yield "{" + ": ..., ".join(known[:8]) + ": ...}"


_WORDS: Mapping[Any, str] = {
    Decimal: "a number such as 1500 or 2.5%",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    datetime.date: "a date such as 2013-10-01",
}


def _forms(annotation: Any) -> Iterator[Any]:
    """Every plain form of an annotation, with the metadata met on the way."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        yield from _forms(inner)
        yield from metadata
    elif origin in (Union, types.UnionType):
        for branch in get_args(annotation):
            yield from _forms(branch)
    elif annotation is not type(None):
        yield annotation


def _shape(annotations: tuple[Any, ...], parent_keys: tuple[str, ...] = ()) -> Shape:
    found = [form for annotation in annotations for form in _forms(annotation)]
    tunable = next((one for one in map(declared, found) if one is not None), None)
    forms = tuple(form for form in found if isinstance(form, type) or get_origin(form) is not None)
    return Shape(forms, tunable, parent_keys)


@cache
def shape_of(model: type[Part]) -> Shape:
    """What a whole model accepts.

    Example:
        >>> from incentive_lab.scheme.document import Budget
        >>> shape_of(Budget).known()
        ('amount', 'when_exceeded')
    """
    return Shape((model,))


@cache
def declarations(model: type[Part]) -> Mapping[str, Tunable]:
    """The declared numbers of a model, by key; also those inside its mappings and lists.

    Example:
        >>> from incentive_lab.scheme.document import Budget
        >>> [(key, one.label) for key, one in declarations(Budget).items()]
        [('amount', 'Programme budget a year')]
    """
    shape = shape_of(model)
    found = {key: shape.at(key).number() for key in shape.known()}
    return {key: one for key, one in found.items() if one is not None}
