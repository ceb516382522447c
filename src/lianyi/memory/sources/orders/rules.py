"""From a report and the columns of a file to the mapping: which rows are orders, refunds, people.

Our words for columns: order_no, line_no, sku, title, quantity, price, paid (money paid), due (money to be paid),
created, paid_at, status, closed_reason, refund, refund_status, refunded_at, category, currency, buyer (and other
words of Report.keys), name, email, phone, province, city, district, address, country, distributor, coupon,
buyer_note, seller_note, shop. All other columns of the file are kept in props.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass

from lianyi.errors import BadMapping
from lianyi.memory.sources.orders.report import Report
from lianyi.memory.sources.tabular.carrying import FIRST
from lianyi.memory.sources.tabular.mapping import Mapping, Rule, Take

TRAITS = (
    "name",
    "nickname",
    "first_name",
    "last_name",
    "phone",
    "email",
    "province",
    "city",
    "district",
    "address",
    "country",
    "company",
)
CONTACTS = {"phone": "phone", "email": "email"}
# Facts of an order that go into props under our own names; numbers are read as numbers.
FACTS = ("title", "status", "coupon", "buyer_note", "seller_note", "shop", "line_no", "sku")
NUMBERS = ("quantity", "price")


def mapping_of(report: Report, columns: Sequence[str], *, name: str = "the file") -> Mapping:
    """The mapping for a file with these columns. BadMapping names the columns that are missing."""
    found = report.found(columns)
    missing = [word for word in report.required if word not in found]
    if missing:
        wanted = "; ".join(f"{word} ({' / '.join(report.columns[word])})" for word in missing)
        raise BadMapping(
            f"{name}: is no {report.name}: it has no column for {wanted}; it has: {', '.join(columns[:40])}"
        )
    maker = _Maker(report=report, found=found)
    return Mapping(
        source=report.name,
        id_prefix=report.prefix,
        rules=tuple(maker.rules()),
        timezone=report.timezone,
        currency=report.currency,
        carry=tuple(found[word] for word in report.carry if word in found),
        carry_by=found["order_no"] if report.grain == "total_on_lines" else None,
        unused_column=found.get("status"),
        unused_reason=f"the order's state is none that {report.name} knows, or says neither paid, unpaid nor closed: "
        f"{', '.join((*report.paid, *report.given_back, *report.unpaid, *report.closed))}",
    )


def quoted(column: str) -> str:
    """A column's name as an expression."""
    return '"' + column.replace('"', '""') + '"'


def words(texts: Sequence[str]) -> str:
    """Texts as the inside of an expression's `in (…)`."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Makes the rules of one report for the columns that were found."""

    report: Report
    found: MappingType[str, str]

    def rules(self) -> list[Rule]:
        """All events that a row may say."""
        rules = [*self._orders(), *self._refunds(), *self._unpaid(), *self._people()]
        if "distributor" in self.found:
            rules.append(self._distributor())
        return rules

    # --- conditions ---------------------------------------------------------------------------------------------

    def _state(self, states: Sequence[str]) -> str | None:
        if "status" not in self.found or not states:
            return None
        return f"{quoted(self.found['status'])} in ({words(states)})"

    def _has(self, word: str) -> str | None:
        return f"not is_empty({quoted(self.found[word])})" if word in self.found else None

    @property
    def paid(self) -> str:
        """Whether the row's order was paid: by its state, or, where it was closed later, by its time of payment."""
        ways = [self._state((*self.report.paid, *self.report.given_back))]
        if self._has("paid_at"):
            unpaid = self._state(self.report.unpaid)
            ways.append(f"({self._has('paid_at')} and not {unpaid})" if unpaid else self._has("paid_at"))
        known = [way for way in ways if way]
        if not known:
            return self._not_any(self.report.unpaid, self.report.closed)
        return f"({' or '.join(known)})"

    def _not_any(self, *groups: Sequence[str]) -> str:
        parts = [f"not {state}" for group in groups if (state := self._state(group))]
        return "(" + " and ".join(parts) + ")" if parts else f"not is_empty({quoted(self.found['order_no'])})"

    @property
    def paid_amount(self) -> str:
        """What was paid, as an expression; an order closed after payment may show 0 there, and its price as due."""
        paid = f"zero_if_empty({quoted(self.found['paid'])})"
        lost = self._state((*self.report.closed, *self.report.given_back))
        if "due" not in self.found or not lost:
            return paid
        due = f"zero_if_empty({quoted(self.found['due'])})"
        return f"if({lost} and {paid} = 0, {due}, {paid})"

    # --- fields -------------------------------------------------------------------------------------------------

    @property
    def order_id(self) -> Take:
        """The id of the whole order."""
        return Take(column=self.found["order_no"])

    @property
    def line_id(self) -> Take:
        """The id of a line; without a number of its own the goods tell lines apart."""
        if self.report.grain == "order":
            return self.order_id
        parts = [word for word in ("line_no", "sku", "title") if word in self.found][:1] or ["order_no"]
        more = [word for word in ("variant",) if word in self.found and "line_no" not in self.found]
        names = [f"coalesce({quoted(self.found[word])}, '-')" for word in (*parts, *more)]
        inside = ", '|', ".join(names)
        return Take(expression=f"concat({quoted(self.found['order_no'])}, '/', {inside})")

    @property
    def parent(self) -> Take:
        """The id of the whole order, as the parent of others."""
        return Take(column=self.found["order_no"])

    def _actor(self) -> dict[str, Take]:
        keys = [(self.found[word], namespace) for word, namespace in self.report.keys.items() if word in self.found]
        if not keys:
            return {}
        columns, namespaces = zip(*keys, strict=True)
        return {
            "actor_key": Take(columns=columns, namespaces=namespaces, strict=True, nobody=tuple(self.report.nobody))
        }

    def _common(self, at: Sequence[str]) -> dict[str, Take]:
        times = tuple(self.found[word] for word in at if word in self.found)
        fields = {"at": Take(column=times[0]) if len(times) == 1 else Take(columns=times), **self._actor()}
        if self.report.channel:
            fields["channel"] = Take(constant=self.report.channel)
        return fields

    def _goods(self) -> dict[str, Take]:
        fields = {}
        item = next((self.found[word] for word in ("sku", "product", "title") if word in self.found), None)
        if item:
            fields["object_key"] = Take(column=item, namespace="item")
        if "category" in self.found:
            fields["category"] = Take(column=self.found["category"])
        return fields

    def _money(self, expression: str, blame: str) -> dict[str, Take]:
        fields = {"value": Take(expression=expression, blame=blame)}
        if "currency" in self.found:
            fields["currency"] = Take(column=self.found["currency"])
        return fields

    def _facts(self) -> dict[str, Take]:
        facts = {word: Take(column=self.found[word]) for word in FACTS if word in self.found}
        facts |= {w: Take(expression=f"number({quoted(self.found[w])})") for w in NUMBERS if w in self.found}
        return facts

    # --- rules --------------------------------------------------------------------------------------------------

    def _lines_of_whole(self) -> list[Rule]:
        """Lines without money, see the package."""
        fields = {
            "id": self.line_id,
            "kind": Take(constant="order"),
            **self._common(("paid_at", "created")),
            **self._goods(),
            "parent_id": self.parent,
        }
        facts = {**self._facts(), "paid": Take(expression=f"number({quoted(self.found['paid'])})")}
        return [Rule(fields=fields, props=facts, when=self.paid, rest=True)]

    def _orders(self) -> list[Rule]:
        if self.report.grain == "line_of_whole":
            return self._lines_of_whole()
        whole = self.report.grain == "total_on_lines"
        times = self._common(("paid_at", "created"))
        amount = self.paid_amount
        first = [f"{FIRST} = '1'"] if whole else []
        money = Rule(
            fields={
                "id": self.order_id if whole else self.line_id,
                "kind": Take(constant="order"),
                **times,
                **({} if whole else self._goods()),
                **({} if self.report.grain != "line" else {"parent_id": self.parent}),
                **self._money(amount, self.found["paid"]),
            },
            props=self._facts() if not whole else {k: v for k, v in self._facts().items() if k in {"status", "coupon"}},
            when=" and ".join([self.paid, f"not {amount} <= 0", *first]),
            rest=True,
        )
        # paid with points, a voucher or nothing: goods went out, no money came in
        free = Rule(
            fields={
                "id": self.order_id if whole else self.line_id,
                "kind": Take(constant="free_order"),
                **times,
                **self._goods(),
            },
            props=self._facts(),
            when=" and ".join([self.paid, f"{amount} <= 0", *first]),
            suffix="/free",
        )
        rules = [money, free]
        if whole:
            fields = {"id": self.line_id, "kind": Take(constant="order"), **times, **self._goods()}
            rules.append(Rule(fields=fields | {"parent_id": self.parent}, props=self._facts(), when=self.paid))
        return rules

    def _refunds(self) -> list[Rule]:
        closed = self._state(self.report.closed)
        amount = None
        if "refund" in self.found:
            amount = f"zero_if_empty({quoted(self.found['refund'])})"
            condition = f"{amount} > 0"
            if self.report.refunded and "refund_status" in self.found:
                condition += f" and {quoted(self.found['refund_status'])} in ({words(self.report.refunded)})"
        else:
            ways = [self._state(self.report.given_back), closed if "paid_at" in self.found else None]
            backs = " or ".join(way for way in ways if way)
            if backs:
                amount = self.paid_amount
                condition = f"{self.paid} and ({backs}) and {amount} > 0"
        if amount is None:
            return []
        if self.report.grain == "line_of_whole" and closed:
            condition += f" and not {closed}"  # the order report says that a closed order went back as a whole
        whole = self.report.grain == "total_on_lines"
        fields = {
            "id": self._refund_id(amount),
            "kind": Take(constant="refund"),
            "parent_id": self.parent,
            **self._common(("refunded_at", "paid_at", "created")),
            **({} if whole else self._goods()),
            **self._money(amount, self.found.get("refund", self.found["paid"])),
        }
        facts = {
            word: Take(column=self.found[word]) for word in ("refund_status", "closed_reason") if word in self.found
        }
        once = f" and {FIRST} = '1'" if whole else ""
        return [Rule(fields=fields, props={"cumulative": Take(constant="true"), **facts}, when=condition + once)]

    def _refund_id(self, amount: str) -> Take:
        base = self.order_id if self.report.grain == "total_on_lines" else self.line_id
        inside = base.expression or quoted(base.column or "")
        return Take(expression=f"concat({inside}, '/refund/', cents({amount}))")

    def _unpaid(self) -> list[Rule]:
        rules = []
        once = f" and {FIRST} = '1'" if self.report.grain == "total_on_lines" else ""
        fields = {
            "id": self.line_id if not once else self.order_id,
            **self._common(("created", "paid_at")),
            **self._goods(),
        }
        for kind, states, suffix in (
            ("checkout", self.report.unpaid, "/placed"),
            ("cancel", self.report.closed, "/closed"),
        ):
            state = self._state(states)
            if state is None:
                continue
            facts = self._facts()
            if "closed_reason" in self.found:
                facts["reason"] = Take(column=self.found["closed_reason"])
            condition = f"{state} and not {self.paid}{once}"
            rules.append(
                Rule(fields={**fields, "kind": Take(constant=kind)}, props=facts, when=condition, suffix=suffix)
            )
        return rules

    def _people(self) -> list[Rule]:
        """What a row says of its buyer, as identify.identify_events would: traits, and an alias per contact."""
        actor = self._actor()
        if not actor:
            return []
        known = [word for word in TRAITS if word in self.found]
        if not known:
            return []
        base = {"id": self.order_id, **self._common(("paid_at", "created"))}
        traits = {word: Take(column=self.found[word], strict=True) for word in known}
        once = f"{FIRST} = '1'" if self.report.grain == "total_on_lines" else None
        who = {**base, "kind": Take(constant="identify")}
        rules = [Rule(fields=who, props=traits, needs=("actor_key",), suffix="/who", when=once, aside=True)]
        for word, namespace in CONTACTS.items():
            if word in self.found:
                key = Take(column=self.found[word], namespace=namespace, strict=True)
                props = {"how": Take(constant=f"trait {word}"), "verified": Take(constant="false")}
                fields = {**base, "kind": Take(constant="alias"), "target_key": key}
                needs = ("actor_key", "target_key")
                suffix = f"/who/alias/{namespace}"
                rules.append(Rule(fields=fields, props=props, needs=needs, suffix=suffix, when=once, aside=True))
        return rules

    def _distributor(self) -> Rule:
        """The buyer came through a distributor: an edge of word of mouth."""
        column = self.found["distributor"]
        fields = {
            "id": self.order_id,
            "kind": Take(constant="arrive"),
            **self._common(("created", "paid_at")),
            "target_key": Take(
                columns=(column, column), namespaces=("phone", f"{self.report.prefix}_distributor"), strict=True
            ),
        }
        props = {"how": Take(constant="distributor"), "distributor": Take(column=column)}
        return Rule(fields=fields, props=props, needs=("actor_key", "target_key"), suffix="/arrive", aside=True)
