"""Steps 12 to 17: what happens to a partner's lines before they are paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from incentive_lab.scheme.document import Cap, Draw, Guarantee
from incentive_lab.scheme.rules import ReturnPolicy, Rule
from tests.reference.calendar import LENGTH
from tests.reference.limits import existing_part, gain, limit_period, share_of_measure
from tests.reference.numbers import ZERO, millionth
from tests.reference.rules import Place
from tests.reference.state import Book
from tests.reference.world import Undefined, World


@dataclass
class Balances:
    """What a partner's draws, floors and settlements remember."""

    draws: dict[str, Fraction] = field(default_factory=dict)
    top_ups: dict[tuple[str, int], Fraction] = field(default_factory=dict)  # (guarantee, year) -> so far
    brought_forward: Fraction = ZERO


def run_partner_month(
    book: Book, balances: Balances, row: int, month: int, baseline: dict[tuple[int, int], Fraction] | None
) -> None:
    """Steps 12 to 17 in one month."""
    take_back_bonuses(book, row, month)
    take_back_returns(book, row, month)
    caps(book, row, month)
    guarantees(book, balances, row, month, baseline)
    draws(book, balances, row, month)
    if month == book.world.calendar.posting(month, book.world.scheme.settle):
        settle(book, balances, row, month)


def cash_rules(book: Book, row: int) -> list[tuple[int, Rule]]:
    """The rules whose amounts are money, with their places."""
    return [(place, rule) for place, rule in enumerate(book.world.schemes[row].rules) if not rule.non_cash]


# --- step 12


def take_back_bonuses(book: Book, row: int, month: int) -> None:
    """A bonus of some months ago is taken back when its milestone was missed."""
    world = book.world
    for _, rule in cash_rules(book, row):
        if rule.repay is None:
            continue
        paid_in = month - rule.repay.months
        bonus = book.lines[paid_in, row, rule.id] if paid_in >= 0 else ZERO
        if bonus <= 0:
            continue
        reached = []
        for name, number in rule.repay.unless.items():
            value = world.value(name, (row,), paid_in, month - 1)
            reached.append(value is not None and value >= world.border(number, world.unit(name)))
        if not all(reached):
            taken = world.currency.kept(millionth(rule.repay.share) * bonus)
            book.post(month, row, "clawback", -world.round(taken))


def take_back_returns(book: Book, row: int, month: int) -> None:
    """Returned deals take back what they were paid; what is not posted yet waits for its posting month."""
    returns = book.world.panel.returns
    if returns is None:
        return
    for index, rule in cash_rules(book, row):
        policy = rule.returns or book.world.schemes[row].returns
        if policy.method in ("ignore", "recalculate"):
            continue
        for at in range(len(returns.partner)):
            if int(returns.partner[at]) == row and falls_due(book, rule, at) == month:
                book.post(month, row, "clawback", -taken_back(book, index, rule, policy, row, at))


def falls_due(book: Book, rule: Rule, at: int) -> int | None:
    """The month in which a return takes back: its own, or the posting month of the period it was sold in if later."""
    returns = book.world.panel.returns
    assert returns is not None
    sold, returned = int(returns.sold_month[at]), int(returns.month[at])
    if sold < 0 or book.world.calendar.during(rule.during, sold) is None:
        return None
    return max(returned, posting_month(book.world, rule, sold))


def posting_month(world: World, rule: Rule, month: int) -> int:
    """When the period of a month posts."""
    _, last = world.calendar.period(month, rule.per, rule.during)
    return min(last, world.panel.months - 1)


def taken_back(book: Book, index: int, rule: Rule, policy: ReturnPolicy, row: int, at: int) -> Fraction:
    """What one returned deal takes back from one rule; a negative payout is given back (chosen here)."""
    world, returns, state = book.world, book.world.panel.returns, book.rules[index, row]
    assert returns is not None
    name = rule.on.measure or rule.on.excess_of
    if name is None or not all(leaf in returns.values for leaf in world.leaves(name)):
        raise Undefined("what a return is worth to this rule")
    value = world.row_value(name, returns.values, at)
    sold = int(returns.sold_month[at])
    if rule.per in ("deal", "line"):
        amount, base = state.deals.get((str(returns.deal_id[at]), str(returns.line[at])), (ZERO, ZERO))
    else:
        amount, base = state.effective.get(posting_month(world, rule, sold), (ZERO, ZERO))
    if value is None or base == 0:
        return ZERO
    taken = world.currency.kept(value * amount / base)
    taken = world.currency.kept(
        taken * share_taken(policy, int(returns.month[at]) - sold, int(returns.term_months[at]))
    )
    money = world.round(taken)
    return max(money - world.currency.cents(policy.keep), ZERO) if money > 0 else money


def share_taken(policy: ReturnPolicy, months: int, term: int) -> Fraction:
    """How much of the original payout is taken back `months` after the sale."""
    if policy.method == "share_of_paid":
        return millionth(policy.share)
    if policy.method == "schedule":
        return next((millionth(step.share) for step in policy.schedule if months <= step.within_months), ZERO)
    if policy.method == "unserved_time" and term > 0:
        return max(Fraction(term - months, term), ZERO)
    return Fraction(1)


# --- step 13


def caps(book: Book, row: int, month: int) -> None:
    """The caps in order; each sees what earlier ones left of its rules.

    A cut belongs to the rules of its cap, so a later cap sees it when its rules contain those (chosen here).
    """
    world, scheme = book.world, book.world.schemes[row]
    cuts: list[tuple[set[str], Fraction]] = []
    for index, cap in enumerate(scheme.caps):
        scope = {rule.id for _, rule in cash_rules(book, row) if is_in_scope(cap, rule)}
        if any(scope & earlier and not earlier <= scope for earlier, _ in cuts):
            raise Undefined("caps whose rules overlap without one containing the other")
        amount = sum((book.lines[month, row, rule_id] for rule_id in scope), ZERO)
        amount += sum((cut for earlier, cut in cuts if earlier and earlier <= scope), ZERO)
        state = book.caps[index, row]
        state.enter(limit_period(world, cap, row, month, None), world.calendar.first(month, "year"), lapses(cap))
        wanted = amount + (state.carried if cap.excess == "carried" else ZERO)
        paid = min(wanted, max(most_of(book, cap, row, month) - state.paid, ZERO))
        state.paid += paid
        if cap.excess == "trued_up" and month == world.calendar.last(month, "year"):
            paid, state.carried = amount + state.carried, ZERO
        elif cap.excess == "trued_up":
            state.carried += wanted - paid
        else:
            state.carried = wanted - paid if cap.excess == "carried" else ZERO
        if cap.excess == "spilled" and cap.to is not None:
            gain(book, book.place(cap.to), row, month, wanted - paid)
        cuts.append((scope, paid - amount))
        book.post(month, row, "cap", paid - amount)


def lapses(cap: Cap) -> bool:
    """Whether what waits ends with the programme year."""
    return cap.per != "life" and not cap.carry_over_year


def is_in_scope(cap: Cap, rule: Rule) -> bool:
    """Whether a cap looks at a rule."""
    return (not cap.rules or rule.id in cap.rules) and (not cap.groups or rule.group in cap.groups)


def most_of(book: Book, cap: Cap, row: int, month: int) -> Fraction:
    """The most a cap lets through in its period."""
    scheme = book.world.schemes[row]
    place = Place(book, scheme, scheme.rules[0], book.rules[0, row], row, month)
    if cap.amount is not None:
        most = book.world.currency.cents(cap.amount)
        return existing_part(place, most, cap.per) if cap.prorate else most
    if cap.share is None or cap.of is None:
        raise Undefined("a cap without amount and share")
    return share_of_measure(place, cap.share, cap.of, cap.per)


# --- step 14


def earnings(book: Book, row: int, first: int, last: int) -> Fraction:
    """Lines of steps 1 to 13."""
    return book.posted((*(rule.id for _, rule in cash_rules(book, row)), "clawback", "cap"), row, first, last)


def applies_to(book: Book, item: Guarantee | Draw, row: int, month: int) -> bool:
    """Whether a floor or draw is for this partner: eligible, and named by its `who`."""
    world = book.world
    eligible = world.is_paid(row) and world.is_who(world.schemes[row].eligible, row, month)
    return eligible and world.is_who(item.who, row, month)


def guarantees(
    book: Book, balances: Balances, row: int, month: int, baseline: dict[tuple[int, int], Fraction] | None
) -> None:
    """Top earnings up to the floors; each floor looks at the earnings without the top-ups of another."""
    calendar, world = book.world.calendar, book.world
    for item in world.schemes[row].guarantees:
        per = world.scheme.settle if item.against else item.per
        if month != calendar.posting(month, per) or not applies_to(book, item, row, month):
            continue
        if item.against is None and int(world.panel.joined[row]) > month:
            continue
        year = calendar.first(month, "year")
        if item.since == "joined":
            year = max(int(world.panel.joined[row]), 0)
            if months_inside(book, item, row, month) == 0:
                continue
        elif calendar.place_in_year(month) > item.for_months:
            continue
        so_far = balances.top_ups.get((item.id, year), ZERO)
        if item.against == "baseline":
            if baseline is None:
                raise Undefined("a guarantee against a baseline that is not given")
            top_up = baseline_floor(book, item, row, month, baseline) - earnings(book, row, year, month) - so_far
            top_up = max(top_up, -so_far if item.carry else ZERO)
        elif item.carry:
            top_up = floor_to_date(book, item, row, year, month) - earnings(book, row, year, month) - so_far
            top_up = max(top_up, -so_far)
        else:
            first = calendar.first(month, item.per)
            top_up = max(ZERO, floor_of(book, item, row, month) - earnings(book, row, first, month))
        balances.top_ups[item.id, year] = so_far + top_up
        book.post(month, row, "guarantee", top_up)


def baseline_floor(
    book: Book, item: Guarantee, row: int, month: int, baseline: dict[tuple[int, int], Fraction]
) -> Fraction:
    """The kept share of what the baseline paid in the programme year to date, rounded (chosen here)."""
    first = max(book.world.calendar.first(month, "year"), 0)
    paid = sum((baseline.get((at, row), ZERO) for at in range(first, month + 1)), ZERO)
    return book.world.round(book.world.currency.kept(millionth(item.keep) * paid))


def months_inside(book: Book, item: Guarantee | Draw, row: int, month: int) -> int:
    """How many months of a month's period are among the first `for_months` since joining; 0 before joining."""
    calendar, joined = book.world.calendar, int(book.world.panel.joined[row])
    if joined > month:
        return 0
    first, last = calendar.first(month, item.per), calendar.last(month, item.per)
    return sum(1 for at in range(first, last + 1) if joined <= at < joined + item.for_months)


def floor_of(book: Book, item: Guarantee, row: int, month: int) -> Fraction:
    """A period's floor; a joiner's is in proportion to the months of the period from the joining month on.

    Since joining, it is in proportion to the months of the period in which it holds. It is rounded (chosen here), so that
    a top-up of rounded earnings is money.
    """
    assert item.amount is not None
    world = book.world
    amount, joined = world.currency.cents(item.amount), int(world.panel.joined[row])
    first, last = world.calendar.first(month, item.per), world.calendar.last(month, item.per)
    if item.since == "joined" and item.prorate:
        return world.round(world.currency.kept(amount * months_inside(book, item, row, month) / LENGTH[item.per]))
    if not item.prorate or joined <= first:
        return world.round(amount)
    return world.round(world.currency.kept(amount * max(last - joined + 1, 0) / LENGTH[item.per]))


def floor_to_date(book: Book, item: Guarantee, row: int, first: int, month: int) -> Fraction:
    """The floors of the periods that have posted since month `first`, this one included."""
    calendar = book.world.calendar
    posting = [at for at in range(max(first, 0), month + 1) if at == calendar.posting(at, item.per)]
    return sum((floor_of(book, item, row, at) for at in posting), ZERO)


def draws(book: Book, balances: Balances, row: int, month: int) -> None:
    """Advance up to the draw, or recover from what was earned above it."""
    calendar, world = book.world.calendar, book.world
    for item in world.schemes[row].draws:
        place = calendar.place_in_year(month)
        balance = balances.draws.get(item.id, ZERO)
        here = month - int(world.panel.joined[row]) + 1
        if item.since == "joined":
            place = here
        if month == calendar.posting(month, item.per) and applies_to(book, item, row, month) and here >= 1:
            amount = world.currency.cents(item.amount)
            earned = earnings(book, row, calendar.first(month, item.per), month)
            advances = place <= item.for_months
            if item.since == "joined":
                advances = months_inside(book, item, row, month) > 0
            if earned < amount and advances:
                advance = amount - max(earned, ZERO)
                if item.balance_at_most is not None:
                    advance = max(min(advance, world.currency.cents(item.balance_at_most) - balance), ZERO)
                balance += advance
                book.post(month, row, "draw", advance)
            elif place >= item.recover_from:
                is_over = item.recover_out_of == "all_earnings" and not advances
                above = max(earned - (ZERO if is_over else amount), ZERO)
                recovered = world.round(world.currency.kept(above * millionth(item.recover_share)))
                recovered = min(balance, recovered)
                if item.recover_at_most is not None:
                    recovered = min(recovered, world.currency.cents(item.recover_at_most))
                balance -= recovered
                book.post(month, row, "draw", -recovered)
        if item.forgive and month == calendar.last(month, "year"):
            balance = ZERO
        if item.forgive_after is not None and place >= item.forgive_after:
            balance = ZERO
        balances.draws[item.id] = balance


# --- steps 15 to 17


def settle(book: Book, balances: Balances, row: int, month: int) -> None:
    """Carry a negative balance, hold back what is too little, round what is paid."""
    world, scheme = book.world, book.world.schemes[row]
    first = world.calendar.first(month, world.scheme.settle)
    due = earnings(book, row, first, month) + book.posted(("guarantee", "draw"), row, first, month)
    brought = balances.brought_forward
    balances.brought_forward = ZERO
    book.post(month, row, "carried_balance", brought)
    due += brought
    if due < 0:
        book.post(month, row, "carried_balance", -due)
        balances.brought_forward, due = due, ZERO
    minimum = scheme.minimum_payout
    if minimum is not None and 0 < due < world.currency.cents(minimum.amount):
        book.post(month, row, "minimum_payout", -due)
        if minimum.below == "carry":
            balances.brought_forward = due
        due = ZERO
    if scheme.rounding.at == "total":
        book.post(month, row, "rounding", world.round(due) - due)
