"""What became of offers, read from the ready table `offer_results`: for every door the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lianyi.insight.offers.results import ALL, USES

if TYPE_CHECKING:
    from lianyi.action.offers.models import Offer
    from lianyi.workspace import Workspace

TABLE = "offer_results"
MONEY = ("kept", "refunded", "off", "margin")


def redeemed(ws: Workspace, offer: Offer) -> dict[str, Any] | None:
    """as_of, the sums of this version, and groups with the share of them who used it; None: the log knew nothing of its
    issue when the tables were made."""
    state = ws.states().get(TABLE)
    if state is None:
        return None
    rows = ws.rows(f'SELECT * FROM "{TABLE}" WHERE offer = ?', [offer.key])
    whole = next((row for row in rows if row["dimension"] == ALL), None)
    if whole is None:
        return None
    names = ("dimension", "member", "issued", "redeemed", "share", "low", "high", "apart")
    order = {name: place for place, name in enumerate(dict.fromkeys(row["dimension"] for row in rows))}
    groups = sorted(
        ({name: row[name] for name in names} for row in rows if row["dimension"] != ALL),
        key=lambda row: (order[row["dimension"]], -row["issued"], row["member"]),
    )
    return {"as_of": state.as_of.isoformat(), **_sums(whole), "groups": groups}


def redeemed_of(ws: Workspace, offers: Iterable[Offer]) -> dict[int, dict[str, Any]]:
    """The sums of several versions by their number, of those of which the tables know."""
    wanted = {offer.key: offer.pk for offer in offers}
    if TABLE not in ws.states() or not wanted:
        return {}
    marks = ", ".join("?" for _one in wanted)
    rows = ws.rows(f'SELECT * FROM "{TABLE}" WHERE dimension = ? AND offer IN ({marks})', [ALL, *wanted])
    return {wanted[row["offer"]]: _sums(row) for row in rows}


def _sums(row: dict[str, Any]) -> dict[str, Any]:
    """Amounts as text; 0 orders took nothing off, an unknown margin is None."""
    left_out = ("offer", "dimension", "member", "apart", "used_right", *MONEY)
    plain = {name: value for name, value in row.items() if name not in left_out and not name.startswith("used_")}
    uses = {name: row[f"used_{name}"] or 0 for name in USES}
    money = {name: None if row[name] is None else f"{row[name]:.2f}" for name in MONEY}
    if not row["orders"]:
        money |= {"kept": "0.00", "refunded": "0.00", "off": "0.00"}
    return {**plain, "uses": uses, **money}
