"""The picture as a drawing in the language of the page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from lianyi.doors.console.templatetags.said import money, number, said, short
from lianyi.doors.figures.rings import Column, Disc, Rings
from lianyi.picture import Money, Picture, Stage


def rings(picture: Picture, *, step: int, columns: int, currency: str) -> Rings:
    """The drawing at a moment; generations from the last column on are drawn together in it."""
    shown = picture.generations[:columns]
    return Rings(
        title=_("Funnel and ripple: stages downwards, generations outwards"),
        rows=[said(stage) for stage in picture.stages],
        columns=[
            _column(picture, generation, step, currency, later=_folded(picture, generation, columns))
            for generation in shown
        ],
    )


def _folded(picture: Picture, generation: int, columns: int) -> bool:
    return generation == columns - 1 and len(picture.generations) > columns


def title_of(generation: int, *, later: bool = False) -> str:
    """What a generation is called."""
    return _("Generation %(number)s") % {"number": f"{generation}+" if later else generation}


def _column(picture: Picture, generation: int, step: int, currency: str, *, later: bool) -> Column:
    every = picture.generations[generation:] if later else [generation]
    booked = [picture.money[one] for one in every if one in picture.money]
    revenue, spent = _sum(picture, booked, "revenue"), _sum(picture, booked, "spent")
    earned, paid = revenue[step], spent[step]
    title = title_of(generation, later=later)
    says = "\n".join(
        [title, f"{_('Net revenue')}\t{_money(earned, currency)}", f"{_('Spent')}\t{_money(paid, currency)}"]
    )
    return Column(
        title=f"{generation}+" if later else str(generation),
        discs=[_disc(picture, stage, every, step, later=later) for stage in picture.stages],
        revenue=None if earned is None else float(earned), spent=None if paid is None else float(paid),
        revenue_said=_short(earned, "+"), spent_said=_short(paid, "−"), says=says,
        steps=[(None if a is None else float(a), None if b is None else float(b))
               for a, b in zip(revenue, spent, strict=True)],
    )  # fmt: skip


def _sum(picture: Picture, booked: Sequence[Money], name: str) -> list[Decimal | None]:
    """Over several generations; unknown as soon as one is."""
    totals: list[Decimal | None] = []
    for step in range(len(picture.days)):
        amounts = [getattr(one, name)[step] for one in booked]
        totals.append(None if None in amounts else sum(amounts, Decimal(0)))
    return totals


def _money(amount: Decimal | None, currency: str) -> str:
    return "—" if amount is None else str(money(amount, currency))


def _short(amount: Decimal | None, sign: str) -> str:
    if amount is None:
        return "—"
    shown = round(abs(amount))
    return f"{'−' if (amount < 0) != (sign == '−') else '+'}{short(shown)}" if shown else "0"


def _disc(picture: Picture, stage: Stage, every: Sequence[int], step: int, *, later: bool) -> Disc:
    cells = [picture.cell(one, stage.place) for one in every]
    steps = [(sum(cell.people[at] for cell in cells), sum(cell.moved[at] for cell in cells))
             for at in range(len(picture.days))]  # fmt: skip
    people, moved = steps[step]
    title = title_of(every[0], later=later)
    return Disc(
        people=people, moved=moved, said=str(short(people)), steps=steps,
        address=address(picture.part, picture.member, stage.stage, every[0], later=later),
        says="\n".join([f"{title} · {said(stage)}", f"{_('People')}\t{number(people)}",
                        f"{_('moved here since they came in')}\t{number(moved)}"]),
    )  # fmt: skip


def address(part: str, member: str, stage: str, generation: int, *, later: bool = False) -> str:
    """The page of the people in a cell."""
    query = {"of": part, "member": member, "stage": stage, "generation": generation, **({"later": 1} if later else {})}
    return f"{reverse('picture_people')}?{urlencode(query)}"
