"""Who acts, and what each role may do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.registry.models import Person, SignOut
from incentive_lab.registry.policy import Policy
from incentive_lab.scheme.base import one_of

ROLES = ("viewer", "designer", "finance", "approver", "admin")

MAY: Mapping[str, frozenset[str]] = {
    "view": frozenset(ROLES),
    "submit": frozenset({"designer"}),
    "comment": frozenset({"designer", "finance", "approver", "admin"}),
    "approve": frozenset({"finance", "approver"}),
    "reject": frozenset({"finance", "approver"}),
    "return": frozenset({"finance", "approver"}),
    "activate": frozenset({"approver"}),
    "retire": frozenset({"approver"}),
    "review": frozenset({"finance", "approver"}),
    "export": frozenset(ROLES),
    "people": frozenset({"admin"}),
    "policy": frozenset({"admin"}),
}
"""Action -> the roles that may take it."""

DECIDES = frozenset({"approve", "reject", "return", "activate", "retire", "people", "policy"})
"""Actions for which somebody who signs in must have done so recently."""
LONGEST_NAME = 100


class Refused(InputError):
    """This person may not do this."""


class Conflict(InputError):
    """It cannot be done any more, or not beside what already holds."""


@dataclass(frozen=True)
class Actor:
    """Who acts.

    Attributes:
        name: What the log shows.
        issuer: Who vouches for them (an identity provider); empty for a typed name.
        subject: Their id there.
        signed_in_at: When they signed in, ISO 8601 in UTC; empty for a typed name.
        expires_at: When that ends, ISO 8601 in UTC; empty where the provider does not say.
        claims: Texts that the provider gives with the name, by claim; read where the policy names a claim.
    """

    name: str
    issuer: str = ""
    subject: str = ""
    signed_in_at: str = ""
    expires_at: str = ""
    claims: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def authenticated(self) -> bool:
        """Whether an identity provider vouches for the name."""
        return bool(self.issuer and self.subject)

    @property
    def identity(self) -> str | None:
        """What stays when somebody is called otherwise: provider and id there; None for a typed name."""
        return f"{self.issuer} {self.subject}" if self.authenticated else None


_ALIKE = str.maketrans("авеёікмнорстухѕјԁһԛԝүѵαβεζηικμνορτυχϲɑɡıӏ", "abeëikmhopctyxsjdhqwyvabezhikmnoptyxcagil")
"""Small letters of other alphabets that look like Latin ones, small or capital."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that nobody sees."""


def folded(text: str) -> str:
    """A name as it looks, to compare it with others.

    It has no case, width, spare blanks and characters that nobody sees; accents are written in one way, and letters of
    other alphabets that look like Latin ones are those.

    Example:
        >>> folded(" A\u00e9nn   Lee") == folded("ae\u0301NN lee") == folded("\u0430\u00e9nn\ufe0f lee")
        True
    """
    small = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold())
    return " ".join(_UNSEEN.sub("", small).translate(_ALIKE).split())


def same_person(actor: Actor, name: str, identity: str | None) -> bool:
    """Whether somebody may be the person who is recorded: by what the provider calls them, or by name however typed."""
    return folded(actor.name) == folded(name) or (identity is not None and actor.identity == identity)


def person_named(session: Session, name: str) -> Person | None:
    """The person of the table who has this name, however it is typed."""
    return next((one for one in session.scalars(select(Person)) if folded(one.name) == folded(name)), None)


def _person_of(session: Session, actor: Actor) -> Person | None:
    if actor.authenticated:
        return session.scalar(select(Person).where(Person.issuer == actor.issuer, Person.subject == actor.subject))
    return person_named(session, actor.name)


def recorded_as(session: Session, actor: Actor) -> Actor:
    """Somebody under the name that the log shows: the table's where it knows them.

    A provider's name is often the person's own choice, so one that somebody of the table has is shown with the id.
    """
    found = _person_of(session, actor)
    if found is not None:
        return replace(actor, name=found.name)
    name = " ".join(actor.name.split())
    if actor.authenticated and person_named(session, name) is not None:
        name = f"{name} ({actor.subject})"[:LONGEST_NAME]
    return replace(actor, name=name)


def roles_of(session: Session, actor: Actor, policy: Policy, at: str) -> frozenset[str]:
    """What this person may act as at a moment.

    While nobody has been given a role, a typed name may act in any (but in one of them on one revision only). Somebody
    who signs in has the roles of the table, else those that the claim gives which the policy names, else only looks.

    Raises:
        Refused: A typed name where names must be signed in, or one that belongs to somebody who signs in; a sign-in
            that ended.
    """
    if not folded(actor.name) or len(actor.name) > LONGEST_NAME or not actor.name.isprintable():
        raise Refused(
            [Problem("--as", f"a name has 1 to {LONGEST_NAME} printable characters.", "Say who you are: --as NAME.")]
        )
    person = _person_of(session, actor)
    if actor.authenticated:
        ended = session.get(SignOut, (actor.issuer, actor.subject))
        since = max(person.not_before or "" if person else "", ended.at if ended else "")
        if actor.signed_in_at < since or (actor.expires_at and actor.expires_at <= at):
            raise Refused([Problem(actor.name, "this sign-in is no longer valid.", "Sign in again.")])
        if person is None:
            claimed = actor.claims.get(policy.roles_claim, frozenset()) if actor.issuer == policy.roles_issuer else ()
            return frozenset(claimed) & frozenset(ROLES) | {"viewer"}
        return frozenset(person.roles.split())
    if not policy.typed_names:
        raise Refused([Problem("--as", "this registry takes no typed names.", "Sign in on the dashboard.")])
    if session.scalars(select(Person).limit(1)).first() is None:
        return frozenset(ROLES)
    if person is None:
        return frozenset({"viewer"})
    if person.issuer:
        raise Refused([Problem(actor.name, "this name belongs to somebody who signs in.", "Sign in on the dashboard.")])
    return frozenset(person.roles.split())


def require(action: str, actor: Actor, roles: frozenset[str]) -> None:
    """Refuse an action that none of the roles may take."""
    if not roles & MAY[action]:
        raise Refused(
            [
                Problem(
                    actor.name,
                    f"{one_of(sorted(roles)) or 'nobody'} may not {action}; {one_of(sorted(MAY[action]))} may.",
                    "Ask an admin for the role.",
                )
            ]
        )


def require_recent(action: str, actor: Actor, policy: Policy, at: str) -> None:
    """Refuse to decide on a sign-in that is not recent: whoever sits down at an open browser is not who signed in."""
    if not actor.authenticated or action not in DECIDES:
        return
    since = (datetime.fromisoformat(at) - timedelta(minutes=policy.recent_sign_in)).isoformat(timespec="microseconds")
    if actor.signed_in_at < since:
        raise Refused([Problem(actor.name, f"signed in more than {policy.recent_sign_in} minutes ago.",
                               f"Sign in again to {action}.")])  # fmt: skip


def require_an_admin(session: Session, policy: Policy) -> None:
    """Refuse what would leave nobody to give roles or to change the settings.

    A registry that nobody has a role in is anybody's, by typed name; once a claim gives roles, or typed names are refused,
    the table needs an admin who can still act.
    """
    session.flush()
    people = list(session.scalars(select(Person)))
    strict = not policy.typed_names or bool(policy.roles_claim)
    if any("admin" in one.roles.split() and (one.issuer or policy.typed_names) for one in people):
        return
    if not people and not strict:
        return
    if policy.typed_names:
        raise Conflict(
            [
                Problem(
                    "people",
                    "somebody must remain admin, and be one already before a claim gives roles.",
                    "Give somebody that role first.",
                )
            ]
        )
    raise Conflict([Problem("people", "typed names are refused, so somebody who signs in must be admin.",
                            "Give that role with --issuer and --subject first.")])  # fmt: skip


def known_roles(given: frozenset[str]) -> str:
    """Roles as they are kept, in one order.

    Example:
        >>> known_roles(frozenset({"finance", "designer"}))
        'designer finance'
    """
    for one in given - set(ROLES):
        raise InputError([Problem("roles", f"there is no role '{one[:40]}'.", did_you_mean(one, ROLES))])
    return " ".join(role for role in ROLES if role in given)
