"""Keys: identifiers of a person, `namespace:value`. What each namespace is worth as evidence.

The strength of a namespace says what two people sharing a key of it means:

- `strong`: issued to one account (a platform's user id). A person has at most one key of an `exclusive` namespace;
  of the others several, where something better than an unverified contact says so.
- `contact`: phone, e-mail: usually one person, sometimes a family or an office.
- `device`: a browser or device, often shared.
- `name`: a display name in one room; never evidence for another name, never joins two identities.

Values are normalised in one way in Python (`make_key`) and in SQL for columnar sources (`key_sql`, DuckDB, where files
are landed); a property test holds the twins equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from lianyi.memory.dialect import DUCKDB, Dialect
from lianyi.memory.engine import literal

Strength = Literal["strong", "contact", "device", "name"]


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """One namespace of keys. `exclusive`: a person has at most one value of it, whatever links two."""

    name: str
    strength: Strength
    en: str
    zh: str
    exclusive: bool = False


NAMESPACES: Mapping[str, Namespace] = {
    namespace.name: namespace
    for namespace in (
        Namespace(name="user", strength="strong", exclusive=True, en="user id of the brand", zh="会员号"),
        Namespace(name="unionid", strength="strong", exclusive=True, en="WeChat union id", zh="微信 UnionID"),
        Namespace(name="openid", strength="strong", en="WeChat open id", zh="微信 OpenID"),
        Namespace(name="wecom", strength="strong", exclusive=True, en="WeCom external contact", zh="企业微信客户"),
        Namespace(name="wecom_user", strength="strong", exclusive=True, en="WeCom colleague", zh="企业微信员工"),
        Namespace(name="wechat", strength="strong", exclusive=True, en="WeChat id", zh="微信号"),
        Namespace(name="qq", strength="strong", en="QQ number", zh="QQ 号"),
        Namespace(name="taobao", strength="strong", en="Taobao member name", zh="淘宝会员名"),
        Namespace(name="jd", strength="strong", en="JD account", zh="京东账号"),
        Namespace(name="youzan", strength="strong", en="Youzan buyer", zh="有赞买家"),
        Namespace(name="shopify", strength="strong", exclusive=True, en="Shopify customer", zh="Shopify 客户"),
        Namespace(
            name="woocommerce", strength="strong", exclusive=True, en="WooCommerce customer", zh="WooCommerce 客户"
        ),
        Namespace(name="telegram", strength="strong", exclusive=True, en="Telegram user", zh="Telegram 用户"),
        Namespace(name="discord", strength="strong", exclusive=True, en="Discord user", zh="Discord 用户"),
        Namespace(name="matrix", strength="strong", en="Matrix user", zh="Matrix 用户"),
        Namespace(name="discourse", strength="strong", exclusive=True, en="Discourse user", zh="Discourse 用户"),
        Namespace(name="email", strength="contact", en="e-mail address", zh="邮箱"),
        Namespace(name="phone", strength="contact", en="phone number", zh="手机号"),
        Namespace(name="anon", strength="device", en="anonymous visitor (browser)", zh="匿名访客"),
        Namespace(name="device", strength="device", en="device id", zh="设备"),
        Namespace(name="name", strength="name", en="display name in one room", zh="群内昵称"),
        Namespace(name="irc", strength="name", en="IRC nick in one network", zh="IRC 昵称"),
    )
}

UNKNOWN = Namespace(name="", strength="strong", en="key of your own", zh="自定义标识")


def namespace_of(key: str) -> Namespace:
    """The namespace of a key; one not in NAMESPACES is taken as strong, not exclusive (an id of the user's own)."""
    return NAMESPACES.get(key.partition(":")[0], UNKNOWN)


# White space of Unicode and the invisible marks that copying from chats and spreadsheets leaves at the ends.
_SPACE = "".join(
    map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202A, 0x202C,
              0x202D, 0x202E, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF])
)  # fmt: skip
# Full-width forms, as Chinese input methods write them in numbers and addresses.
_WIDE, _NARROW = "".join(map(chr, range(0xFF01, 0xFF5F))), "".join(map(chr, range(0x21, 0x7F)))
_NARROW_TABLE = str.maketrans(_WIDE, _NARROW)
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_LOWER_TABLE = str.maketrans(_UPPER, _LOWER)

# Texts that stand for "nothing" in exports and in clients' code.
_EMPTY = (
    "null",
    "none",
    "nan",
    "n/a",
    "undefined",
    "(null)",
    "[object object]",
    "-",
    "--",
    "/",
    "无",
    "暂无",
    "空",
    "未知",
)
# What clients send as the id of everybody who is not logged in.
_NOBODY = ("anonymous", "guest", "not_authenticated", "true", "false")
_ID_NAMESPACES = ("user", "anon", "device")

_EMAIL = r"^[^@\x00-\x20,;<>\"'()*]+@[^@\x00-\x20,;<>\"'()*]+\.[^@\x00-\x20,;<>\"'()*.]{2,}$"
# A number followed by an extension is an office, or a shop platform's short-lived number in place of the real one.
_EXTENSION = r"[0-9][^0-9]*(?:ext|EXT|Ext|x|X|转|分机|#|,|，)[^0-9]*[0-9]{1,6}[^0-9]*$"
_VIRTUAL = r"^[^0-9]*(?:86[^0-9]?)?1[3-9][0-9]{9}[-_ ][0-9]{2,6}[^0-9]*$"
_MAINLAND = r"^1[3-9][0-9]{9}$"
_ONE_DIGIT = "^(?:" + "|".join(f"{digit}+" for digit in range(10)) + ")$"


def make_key(namespace: str, value: str) -> str | None:
    """`namespace:value` with the value normalised; None when nothing usable is left (empty, masked).

    E-mail: trimmed, ASCII lower case. Phone: digits only, mainland numbers as 86 + 11 digits. Others: trimmed, NFC.
    Masked values (`1******6198`, `张*`, `##密文`) and words for nothing (`null`, `无`) are no keys.
    """
    text = _clean(value)
    low = text.translate(_LOWER_TABLE)
    if not text or "**" in text or text.startswith("##") or low in _EMPTY:
        return None
    if namespace in _ID_NAMESPACES and low in _NOBODY:
        return None
    if namespace == "email":
        return email_key(text)
    if namespace == "phone":
        return phone_key(text)
    return f"{namespace}:{text}"


def email_key(text: str) -> str | None:
    """`email:` key, or None where the text is not an e-mail address."""
    address = _clean(text).translate(_NARROW_TABLE).translate(_LOWER_TABLE)
    return f"email:{address}" if _matches(_EMAIL, address) else None


def phone_key(text: str) -> str | None:
    """`phone:` key of digits; 11-digit mainland mobiles get 86. None where it is not one person's phone number.

    Numbers with an extension are none: behind them are offices, or the platform numbers that stand in for a buyer's.
    """
    number = _clean(text).translate(_NARROW_TABLE).replace("(0)", "")
    if "*" in number or _matches(_EXTENSION, number) or _matches(_VIRTUAL, number):
        return None
    digits = re.sub("[^0-9]", "", number)
    if not _matches(r"^[^0-9]*\+", number):
        if digits.startswith("00"):
            digits = digits[2:]
        elif _matches(_MAINLAND, digits):
            digits = "86" + digits
    return f"phone:{digits}" if 7 <= len(digits) <= 15 and not _matches(_ONE_DIGIT, digits) else None


def as_kept(key: str) -> str:
    """The key as the log has it: `phone:138 0013 8000` is `phone:8613800138000`. What is none of a phone or an e-mail
    address stays as it is."""
    namespace, _, text = key.partition(":")
    kept = {"phone": phone_key, "email": email_key}.get(namespace)
    return (kept(text) if kept else None) or key


def _clean(value: str) -> str:
    return unicodedata.normalize("NFC", value).strip(_SPACE)


def _matches(pattern: str, text: str) -> bool:
    # \Z, because $ in Python lets a line break follow
    return re.search(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern, text) is not None


# Addresses of an office, not of a person (RFC 2142 and the habits of shops), and numbers that people invent.
_ROLES = (
    "abuse", "account", "accounts", "admin", "administrator", "billing", "booking", "career", "careers", "contact",
    "customer.service", "customercare", "customerservice", "donotreply", "do-not-reply", "enquiries", "enquiry",
    "feedback", "finance", "hello", "help", "helpdesk", "hostmaster", "hr", "info", "inquiry", "jobs", "kefu", "mail",
    "marketing", "media", "news", "newsletter", "no-reply", "no_reply", "noreply", "office", "order", "orders",
    "postmaster", "press", "reception", "root", "sales", "service", "services", "shop", "store", "support", "team",
    "test", "webmaster",
)  # fmt: skip
_ROLE_NAMES = ("客服", "在线客服", "小助手", "群助手", "管理员", "群主", "官方客服", "系统消息")
_ROLE_EMAIL = f"^email:(?:{'|'.join(role.replace('.', chr(92) + '.') for role in _ROLES)})(?:[+][^@]*)?@"
_ROLE_PHONE = "^phone:(?:(?:86)?[48]00[0-9]{7}|86138001380(?:00|01)|861[3-9]0{9}|(?:86)?12345678[0-9]{0,3})$"
_ROLE_NAME = f"^(?:name|irc):(?:[\\s\\S]*/)?(?:{'|'.join(_ROLE_NAMES)})$"


def is_role(key: str) -> bool:
    """Whether the key is of an office or of nobody (info@…, a 400 number, 客服): never evidence of who a person is."""
    return any(_matches(pattern, key) for pattern in (_ROLE_EMAIL, _ROLE_PHONE, _ROLE_NAME))


def key_sql(namespace: str, text: str) -> str:
    """SQL (DuckDB) for `make_key(namespace, text)`, where `text` is an SQL expression of type text; NULL for None."""
    clean = _clean_sql(text)
    low = f"translate({clean}, '{_UPPER}', '{_LOWER}')"
    nothing = [*_EMPTY, ""] + (list(_NOBODY) if namespace in _ID_NAMESPACES else [])
    unusable = f"{low} IN ({_texts(nothing)}) OR contains({clean}, '**') OR starts_with({clean}, '##')"
    if namespace == "email":
        key = email_key_sql(clean)
    elif namespace == "phone":
        key = phone_key_sql(clean)
    else:
        key = f"{literal(namespace + ':')} || {clean}"
    return f"CASE WHEN {text} IS NULL OR {unusable} THEN NULL ELSE {key} END"


def email_key_sql(text: str) -> str:
    """SQL (DuckDB) for `email_key(text)`."""
    address = f"translate({_clean_sql(text)}, {literal(_WIDE + _UPPER)}, {literal(_NARROW_LOWER)})"
    return f"CASE WHEN {_matches_sql(_EMAIL, address)} THEN 'email:' || {address} END"


def phone_key_sql(text: str) -> str:
    """SQL (DuckDB) for `phone_key(text)`."""
    number = f"replace(translate({_clean_sql(text)}, {literal(_WIDE)}, {literal(_NARROW)}), '(0)', '')"
    raw = f"regexp_replace({number}, '[^0-9]', '', 'g')"
    digits = (
        f"CASE WHEN {_matches_sql('^[^0-9]*[+]', number)} THEN {raw} "
        f"WHEN starts_with({raw}, '00') THEN substr({raw}, 3) "
        f"WHEN {_matches_sql(_MAINLAND, raw)} THEN '86' || {raw} ELSE {raw} END"
    )
    unusable = f"contains({number}, '*') OR {_matches_sql(_EXTENSION, number)} OR {_matches_sql(_VIRTUAL, number)}"
    return (
        f"CASE WHEN {unusable} OR NOT length({digits}) BETWEEN 7 AND 15 OR {_matches_sql(_ONE_DIGIT, digits)} "
        f"THEN NULL ELSE 'phone:' || {digits} END"
    )


def namespace_sql(key: str) -> str:
    """SQL for the namespace of a key, an SQL expression."""
    return f"split_part({key}, ':', 1)"


def strength_sql(key: str) -> str:
    """SQL for the strength of a key's namespace, as `namespace_of(key).strength`."""
    by_strength: dict[str, list[str]] = {}
    for namespace in NAMESPACES.values():
        by_strength.setdefault(namespace.strength, []).append(namespace.name)
    cases = " ".join(
        f"WHEN {namespace_sql(key)} IN ({_texts(names)}) THEN '{strength}'"
        for strength, names in by_strength.items()
        if strength != UNKNOWN.strength
    )
    return f"CASE {cases} ELSE '{UNKNOWN.strength}' END"


def is_role_sql(key: str, dialect: Dialect = DUCKDB) -> str:
    """SQL for `is_role(key)`."""
    return "(" + " OR ".join(dialect.matches(key, pattern) for pattern in (_ROLE_EMAIL, _ROLE_PHONE, _ROLE_NAME)) + ")"


_NARROW_LOWER = _NARROW.translate(_LOWER_TABLE) + _LOWER


def _clean_sql(text: str) -> str:
    return f"trim(nfc_normalize({text}), {literal(_SPACE)})"


def _matches_sql(pattern: str, text: str) -> str:
    return DUCKDB.matches(text, pattern)


def _texts(values: Iterable[str]) -> str:
    return ", ".join(literal(value) for value in values)
