"""The gate once more, by brute force: from plain data, by walking through time and looking at every rule.

Nothing here is shared with the package: policies are the dictionaries that YAML gives, calendars are compared by their
dates, and the end of quiet hours is found by looking at every quarter of an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
Data = dict[str, Any]


def meant(rule: Data, names: set[str], purpose: str) -> bool:
    by_channel = "channels" not in rule or bool(set(rule["channels"]) & names)
    return by_channel and ("purposes" not in rule or purpose in rule["purposes"])


def owed(policy: Data, thing: Data) -> bool:
    return bool(thing["transactional"]) and thing["purpose"] in policy["transactional"]


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def is_quiet(rule: Data, moment: datetime, zone: str) -> bool:
    local = moment.astimezone(ZoneInfo(zone))
    shown = local.hour * 60 + local.minute
    begin, end = minutes(rule["from"]), minutes(rule["until"])
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    days = rule.get("days", names)
    today, yesterday = names[local.weekday()], names[(local.weekday() + 6) % 7]
    if begin < end:
        return today in days and begin <= shown < end
    return (today in days and shown >= begin) or (yesterday in days and shown < end)


def walk_out(rules: list[Data], moment: datetime, zone: str) -> datetime:
    """The first moment from then on in none of the quiet hours; what never ends is given up after 14 days."""
    last = moment + timedelta(days=14)
    while any(is_quiet(rule, moment, zone) for rule in rules):
        moment = datetime.fromtimestamp((int(moment.timestamp()) // 900 + 1) * 900, UTC)
        if moment >= last:
            return last
    return moment


def same_period(per: str, one: datetime, other: datetime, zone: str) -> bool:
    a, b = one.astimezone(ZoneInfo(zone)).date(), other.astimezone(ZoneInfo(zone)).date()
    if per == "day":
        return a == b
    if per == "week":
        return a.isocalendar()[:2] == b.isocalendar()[:2]
    return (a.year, a.month) == (b.year, b.month)


def next_period(per: str, moment: datetime, zone: str) -> datetime:
    later = moment
    while same_period(per, moment, later, zone):
        later += timedelta(hours=6)
    later = datetime.fromtimestamp(int(later.timestamp()) // 900 * 900, UTC)
    while not same_period(per, moment, later - QUARTER, zone):
        later -= QUARTER
    return later


def newest(words: list[Data], purposes: set[str], names: set[str]) -> bool | None:
    """What was said last; a refusal wins over what was said at the same moment."""
    fitting = [word for word in words if word["purpose"] in purposes and word["channel"] in names | {""}]
    if not fitting:
        return None
    last = max(word["at"] for word in fitting)
    return all(word["granted"] for word in fitting if word["at"] == last)


def holds(rule: Data, policy: Data, contact: Data) -> bool:
    """Whether a rule with a `transactional` of its own is about the contact."""
    if owed(policy, contact) and not rule.get("transactional", False):
        return False
    return meant(rule, set(contact["channels"]), contact["purpose"])


def counting(policy: Data, rule: Data, touch: Data, contact: Data) -> bool:
    if owed(policy, touch) and not rule.get("transactional", False):
        return False
    if rule.get("count") == "each channel" and touch["word"] != contact["word"]:
        return False
    return meant(rule, set(touch["channels"]), touch["purpose"])


def by_expiry(_policy: Data, _facts: Data, contact: Data, now: datetime) -> list[Data]:
    over = contact["expires_at"] is not None and now >= contact["expires_at"]
    return [{"rule": "expired", "late": True}] if over else []


def by_consent(policy: Data, facts: Data, contact: Data, _now: datetime) -> list[Data]:
    names, purpose = set(contact["channels"]), contact["purpose"]
    fitting = [rule["needs"] for rule in policy["consent"] if meant(rule, names, purpose)]
    needs = fitting[0] if fitting else "not refused"
    word = newest(facts["consents"], {purpose, ""}, names)
    refused = (needs == "granted" and word is not True) or (needs == "not refused" and word is False)
    return [{"rule": "consent"}] if refused and not owed(policy, contact) else []


def by_suppression(policy: Data, facts: Data, contact: Data, _now: datetime) -> list[Data]:
    return [
        {"rule": "suppression", "reason": entry["reason"]}
        for entry in facts["suppressions"]
        if entry["channel"] in {*contact["channels"], ""} and (entry["everything"] or not owed(policy, contact))
    ]


def by_choice(policy: Data, facts: Data, contact: Data, _now: datetime) -> list[Data]:
    refused = newest(facts["consents"], {"personalisation"}, set(contact["channels"])) is False
    return [{"rule": "non_personal"}] if refused and contact["personal"] and not owed(policy, contact) else []


def quiet_rules(policy: Data, contact: Data) -> list[Data]:
    return [rule for rule in policy["quiet_hours"] if holds(rule, policy, contact)]


def by_quiet_hours(policy: Data, facts: Data, contact: Data, now: datetime) -> list[Data]:
    rules, zone = quiet_rules(policy, contact), facts["zone"]
    return [
        {"rule": "quiet_hours", "name": rule["name"], "until": walk_out(rules, now, zone)}
        for rule in rules
        if is_quiet(rule, now, zone)
    ]


def by_caps(policy: Data, facts: Data, contact: Data, now: datetime) -> list[Data]:
    found, zone = [], facts["zone"]
    for rule in policy["caps"]:
        if not holds(rule, policy, contact) or rule["most"] == "no limit":
            continue
        most = rule["most"]
        if most == "days in month":
            day = now.astimezone(ZoneInfo(zone)).date()
            most = max(n for n in range(28, 32) if _is_day(day.year, day.month, n))
        counted = [touch for touch in facts["touches"] if counting(policy, rule, touch, contact)]
        had = len([touch for touch in counted if same_period(rule["per"], touch["at"], now, zone)])
        if had >= most:
            one = {"rule": "caps", "name": rule["name"], "had": had, "most": most}
            if rule.get("then") == "wait" and most > 0:
                one["until"] = walk_out(quiet_rules(policy, contact), next_period(rule["per"], now, zone), zone)
            found.append(one)
    return found


def by_windows(policy: Data, facts: Data, contact: Data, now: datetime) -> list[Data]:
    found = []
    for rule in policy["windows"]:
        if not holds(rule, policy, contact):
            continue
        heard = facts["heard"].get(contact["word"])
        if heard is None or (now - heard).total_seconds() > rule["hours"] * 3600:
            found.append({"rule": "windows", "name": rule["name"]})
        elif "most" in rule and rule["most"] != "no limit":
            since = [t for t in facts["touches"] if t["word"] == contact["word"] and t["at"] >= heard]
            if len(since) >= rule["most"]:
                found.append({"rule": "windows", "name": rule["name"], "had": len(since), "most": rule["most"]})
    return found


def by_spacing(policy: Data, facts: Data, contact: Data, now: datetime) -> list[Data]:
    found = []
    for rule in policy["spacing"]:
        counted = [touch["at"] for touch in facts["touches"] if counting(policy, rule, touch, contact)]
        close = [at for at in counted if (now - at).total_seconds() < rule["hours"] * 3600]
        if close and holds(rule, policy, contact):
            one = {"rule": "spacing", "name": rule["name"]}
            if rule.get("then") != "refuse":
                free = max(close) + timedelta(hours=rule["hours"])
                one["until"] = walk_out(quiet_rules(policy, contact), free, facts["zone"])
            found.append(one)
    return found


def by_priority(policy: Data, facts: Data, contact: Data, now: datetime) -> list[Data]:
    ahead = [
        rival
        for rival in facts["rivals"]
        if rival["priority"] > contact["priority"]
        or (rival["priority"] == contact["priority"] and rival["number"] < contact["number"])
    ]
    waits = bool(ahead) and not owed(policy, contact)
    return [{"rule": "priority", "until": now + timedelta(minutes=1)}] if waits else []


def by_confirmation(policy: Data, _facts: Data, contact: Data, _now: datetime) -> list[Data]:
    names = set(contact["channels"])
    wanted = any(meant(rule, names, contact["purpose"]) for rule in policy["confirm"]) and not owed(policy, contact)
    held = (contact["confirm"] or wanted) and not contact["confirmed"]
    return [{"rule": "confirm", "confirm": True}] if held else []


IN_ORDER = (
    by_expiry, by_consent, by_suppression, by_choice, by_quiet_hours, by_caps, by_windows, by_spacing, by_priority,
    by_confirmation,
)  # fmt: skip


def broken(policy: Data, facts: Data, contact: Data, now: datetime) -> list[Data]:
    """Every rule that forbids the contact now, in the order in which they are to be named."""
    return [found for look in IN_ORDER for found in look(policy, facts, contact, now)]


def verdict(policy: Data, facts: Data, contact: Data, now: datetime) -> Data:
    """What the gate must say: the first broken rule, and what follows from it."""
    all_broken = broken(policy, facts, contact, now)
    if not all_broken:
        return {"verdict": "send", "rule": "", "until": None, "late": False}
    first = all_broken[0]
    said = {"rule": first["rule"], "until": None, "late": first.get("late", False)}
    for name in ("name", "had", "most", "reason"):
        if name in first:
            said[name] = first[name]
    if first.get("confirm"):
        return {**said, "verdict": "confirm"}
    if "until" not in first:
        return {**said, "verdict": "refuse"}
    if contact["expires_at"] is not None and first["until"] >= contact["expires_at"]:
        return {**said, "verdict": "refuse", "late": True}
    return {**said, "verdict": "wait", "until": first["until"]}


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return False
    return True
