"""Festivals of the Chinese and Western calendars, and which festival a day belongs to.

Lunar dates are facts of the calendar, 2000 to 2050, one per year: the table was made once with two independent
programs that agreed on every date. Outside these years only festivals of the Western calendar are known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

BEFORE, AFTER = 5, 1  # the scene of a festival is a week: from 5 days before it to the day after
FIRST_YEAR = 2000
LUNAR = {
    "spring_festival": "0205 0124 0212 0201 0122 0209 0129 0218 0207 0126 0214 0203 0123 0210 0131 0219 0208 0128 0216 "
    "0205 0125 0212 0201 0122 0210 0129 0217 0206 0126 0213 0203 0123 0211 0131 0219 0208 0128 0215 0204 0124 0212 "
    "0201 0122 0210 0130 0217 0206 0126 0214 0202 0123",
    "lantern": "0219 0207 0226 0215 0205 0223 0212 0304 0221 0209 0228 0217 0206 0224 0214 0305 0222 0211 0302 0219 "
    "0208 0226 0215 0205 0224 0212 0303 0220 0209 0227 0217 0206 0225 0214 0305 0222 0211 0301 0218 0207 0226 0215 "
    "0205 0224 0213 0303 0220 0209 0228 0216 0206",
    "qingming": "0404 0405 0405 0405 0404 0405 0405 0405 0404 0404 0405 0405 0404 0404 0405 0405 0404 0404 0405 0405 "
    "0404 0404 0405 0405 0404 0404 0405 0405 0404 0404 0405 0405 0404 0404 0405 0405 0404 0404 0405 0405 0404 0404 "
    "0404 0405 0404 0404 0404 0405 0404 0404 0404",
    "dragon_boat": "0606 0625 0615 0604 0622 0611 0531 0619 0608 0528 0616 0606 0623 0612 0602 0620 0609 0530 0618 "
    "0607 0625 0614 0603 0622 0610 0531 0619 0609 0528 0616 0605 0624 0612 0601 0620 0610 0530 0618 0607 0527 0614 "
    "0603 0622 0611 0531 0619 0608 0529 0615 0604 0623",
    "qixi": "0806 0825 0815 0804 0822 0811 0731 0819 0807 0826 0816 0806 0823 0813 0802 0820 0809 0828 0817 0807 0825 "
    "0814 0804 0822 0810 0829 0819 0808 0826 0816 0805 0824 0812 0801 0820 0810 0828 0817 0807 0826 0814 0803 0822 "
    "0811 0731 0819 0808 0827 0816 0805 0823",
    "mid_autumn": "0912 1001 0921 0911 0928 0918 1006 0925 0914 1003 0922 0912 0930 0919 0908 0927 0915 1004 0924 0913 "
    "1001 0921 0910 0929 0917 1006 0925 0915 1003 0922 0912 1001 0919 0908 0927 0916 1004 0924 0913 1002 0920 0910 "
    "0928 0917 1005 0925 0915 1004 0922 0911 0930",
    "double_ninth": "1006 1025 1014 1004 1022 1011 1030 1019 1007 1026 1016 1005 1023 1013 1002 1021 1009 1028 1017 "
    "1007 1025 1014 1004 1022 1011 1029 1018 1008 1026 1016 1005 1024 1012 1001 1020 1009 1027 1017 1007 1026 1014 "
    "1003 1022 1011 1029 1018 1008 1027 1016 1005 1024",
}
FIXED = {
    "new_year": (1, 1), "valentine": (2, 14), "women_day": (3, 8), "labour_day": (5, 1), "may_20": (5, 20),
    "children_day": (6, 1), "mid_year_sale": (6, 18), "teachers_day": (9, 10), "national_day": (10, 1),
    "halloween": (10, 31), "double_eleven": (11, 11), "double_twelve": (12, 12), "christmas": (12, 25),
}  # fmt: skip


def _easter(year: int) -> date:
    """The Gregorian computus in the form of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The number-th such weekday (0 = Monday) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


MOVING: dict[str, Callable[[int], date]] = {
    "easter": _easter,
    "mothers_day": lambda year: _nth(year, 5, 6, 2),
    "fathers_day": lambda year: _nth(year, 6, 6, 3),
    "thanksgiving": lambda year: _nth(year, 11, 3, 4),
}
TITLES = {
    "new_year": ("New Year", "元旦"), "spring_festival": ("Spring Festival", "春节"),
    "lantern": ("Lantern Festival", "元宵节"), "valentine": ("Valentine's Day", "情人节"),
    "women_day": ("Women's Day", "三八妇女节"), "qingming": ("Qingming", "清明节"), "easter": ("Easter", "复活节"),
    "labour_day": ("Labour Day", "劳动节"), "mothers_day": ("Mother's Day", "母亲节"), "may_20": ("20 May", "520"),
    "dragon_boat": ("Dragon Boat Festival", "端午节"), "children_day": ("Children's Day", "儿童节"),
    "fathers_day": ("Father's Day", "父亲节"), "mid_year_sale": ("18 June sale", "618"), "qixi": ("Qixi", "七夕"),
    "teachers_day": ("Teachers' Day", "教师节"), "mid_autumn": ("Mid-Autumn Festival", "中秋节"),
    "national_day": ("National Day", "国庆节"), "double_ninth": ("Double Ninth", "重阳节"),
    "halloween": ("Halloween", "万圣夜"), "double_eleven": ("Double 11", "双十一"),
    "thanksgiving": ("Thanksgiving", "感恩节"), "double_twelve": ("Double 12", "双十二"),
    "christmas": ("Christmas", "圣诞节"),
}  # fmt: skip


@cache
def of_year(year: int) -> tuple[tuple[str, date], ...]:
    """(name, date) of each festival of a year that is known, by date."""
    found = [(name, date(year, month, day)) for name, (month, day) in FIXED.items()]
    found += [(name, rule(year)) for name, rule in MOVING.items()]
    place = year - FIRST_YEAR
    for name, text in LUNAR.items():
        dates = text.split()
        if 0 <= place < len(dates):
            found.append((name, date(year, int(dates[place][:2]), int(dates[place][2:]))))
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))


@cache
def festival_of(day: date) -> str | None:
    """The festival in whose week the day lies, or None; of two the nearer, of equally near ones the later."""
    near = [
        (abs((day - centre).days), -centre.toordinal(), name)
        for year in (day.year, day.year + 1)
        for name, centre in of_year(year)
        if -BEFORE <= (day - centre).days <= AFTER
    ]
    return min(near)[2] if near else None


def next_begin(name: str, after: date) -> date | None:
    """The first day after `after` on which the week of the festival begins; None where its dates are not known."""
    begins = [
        centre - timedelta(days=BEFORE)
        for year in range(after.year, after.year + 3)
        for known, centre in of_year(year)
        if known == name
    ]
    return min((day for day in begins if day > after), default=None)
