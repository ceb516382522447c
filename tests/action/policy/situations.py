"""Random policies and situations as plain data, many of them at the edges: around changes of the clocks, at midnight,
at the ends of months, exactly at a limit."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

Data = dict[str, Any]
ZONES = (
    "Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu",
    "Africa/Cairo", "America/Havana", "Pacific/Auckland", "UTC", "Asia/Beirut",
)  # fmt: skip
# Moments about which clocks change somewhere in ZONES, and ends of periods.
EDGES = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in ("2026-03-08 07:00", "2026-11-01 06:00", "2026-03-29 01:00", "2026-10-25 01:00", "2026-04-04 15:00",
                 "2026-10-03 15:30", "2026-04-23 22:00", "2026-10-29 21:00", "2026-03-08 05:00", "2026-11-01 05:00",
                 "2026-03-28 22:00", "2026-10-24 21:00", "2026-09-26 14:00", "2028-02-29 23:00", "2026-12-31 16:00")
)  # fmt: skip
ACCOUNTS = {"mail": "email", "mail2": "email", "sms": "sms", "shop": "wecom", "kf": "wechat"}
PURPOSES = ("marketing", "news", "order", "service", "survey")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def names(account: str) -> list[str]:
    return [account, ACCOUNTS[account]]


def clock(chance: random.Random) -> str:
    return f"{chance.randrange(24):02}:{chance.choice((0, 15, 30, 45)):02}"


def scope(chance: random.Random) -> Data:
    said: Data = {}
    if chance.random() < 0.35:
        said["channels"] = chance.sample(["mail", "email", "sms", "wecom", "wechat", "mail2"], chance.randint(1, 2))
    if chance.random() < 0.25:
        said["purposes"] = chance.sample(PURPOSES, chance.randint(1, 2))
    return said


def rule(chance: random.Random, number: int, **said: Any) -> Data:
    found = {"name": f"rule {number}", **said, **scope(chance)}
    if chance.random() < 0.25:
        found["transactional"] = True
    return found


def quiet(chance: random.Random, number: int) -> Data:
    begin = end = clock(chance)
    while end == begin:
        end = clock(chance)
    found = rule(chance, number, **{"from": begin, "until": end})
    if chance.random() < 0.4:
        found["days"] = chance.sample(DAYS, chance.randint(1, 5))
    return found


def cap(chance: random.Random, number: int) -> Data:
    per = chance.choice(("day", "week", "month"))
    most: Any = chance.choice((0, 1, 1, 2, 2, 3, 4, "no limit"))
    if per == "month" and chance.random() < 0.2:
        most = "days in month"
    found = rule(chance, number, most=most, per=per)
    if chance.random() < 0.4:
        found["count"] = chance.choice(("together", "each channel"))
    if chance.random() < 0.5:
        found["then"] = chance.choice(("wait", "refuse"))
    return found


def spacing(chance: random.Random, number: int) -> Data:
    found = rule(chance, number, hours=chance.choice((1, 6, 20, 24, 72.5)))
    if chance.random() < 0.4:
        found["then"] = chance.choice(("wait", "refuse"))
    return found


def window(chance: random.Random, number: int) -> Data:
    found = {**rule(chance, number, hours=48), "channels": ["wechat"]}
    if chance.random() < 0.5:
        found["most"] = chance.choice((1, 2, 5, "no limit"))
    return found


def some(chance: random.Random, make: Any, most: int) -> list[Data]:
    return [make(chance, number) for number in range(chance.randint(0, most))]


def policy(chance: random.Random) -> Data:
    consent = [
        {"needs": chance.choice(("granted", "not refused", "nothing")), **scope(chance)}
        for _ in range(chance.randint(0, 2))
    ]
    return {
        "consent": consent, "quiet_hours": some(chance, quiet, 2), "caps": some(chance, cap, 3),
        "windows": some(chance, window, 1), "spacing": some(chance, spacing, 2),
        "confirm": [scope(chance) for _ in range(chance.random() < 0.3)],
        "transactional": chance.choice((["order"], ["order", "service"])),
    }  # fmt: skip


def moment(chance: random.Random) -> datetime:
    if chance.random() < 0.4:
        return chance.choice(EDGES) + chance.randint(-120, 120) * timedelta(minutes=15)
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(365 * 86_400))


def touch(chance: random.Random, now: datetime) -> Data:
    account = chance.choice(tuple(ACCOUNTS))
    ago = chance.choice((timedelta(hours=chance.choice((1, 6, 20, 24))), timedelta(minutes=chance.randrange(60_000))))
    return {
        "at": now - ago, "channels": names(account), "word": ACCOUNTS[account], "purpose": chance.choice(PURPOSES),
        "transactional": chance.random() < 0.25,
    }  # fmt: skip


def facts(chance: random.Random, now: datetime) -> Data:
    said = [
        {
            "purpose": chance.choice((*PURPOSES, "personalisation", "")),
            "channel": chance.choice(("", "email", "sms", "wecom", "mail")), "granted": chance.random() < 0.8,
            "at": now - chance.randrange(9) * timedelta(days=7),
        }
        for _ in range(chance.choice((0, 1, 1, 2, 4)))
    ]  # fmt: skip
    listed = [
        {"channel": chance.choice(("", "email", "sms")), "reason": chance.choice(("asked", "bounced")),
         "everything": chance.random() < 0.4}
        for _ in range(chance.random() < 0.12)
    ]  # fmt: skip
    heard = {"wechat": now - timedelta(hours=chance.choice((0, 1, 47, 48, 49, 100)))} if chance.random() < 0.7 else {}
    rivals = [
        {"priority": chance.randint(0, 2), "number": chance.randrange(1, 100, 2)}
        for _ in range(chance.choice((0, 0, 0, 1)))
    ]
    return {
        "zone": chance.choice(ZONES), "consents": said, "suppressions": listed, "heard": heard, "rivals": rivals,
        "touches": [touch(chance, now) for _ in range(chance.choice((0, 0, 1, 2, 5)))],
    }  # fmt: skip


def contact(chance: random.Random, now: datetime) -> Data:
    account = chance.choice(tuple(ACCOUNTS))
    expires = None
    if chance.random() < 0.3:
        expires = now + chance.choice((-1, 0, 1, 6, 24, 24 * 40)) * timedelta(hours=1)
    return {
        "channels": names(account), "word": ACCOUNTS[account], "purpose": chance.choice(PURPOSES),
        "number": chance.randrange(0, 100, 2), "priority": chance.randint(0, 2), "transactional": chance.random() < 0.3,
        "personal": chance.random() < 0.8, "confirm": chance.random() < 0.05, "confirmed": chance.random() < 0.5,
        "expires_at": expires,
    }  # fmt: skip
