"""Keys: identifiers of a person, `namespace:value`. What each namespace is worth as evidence.

The strength of a namespace says what two people sharing a key of it means:

- `strong`: issued to one person and checked (a platform's user id, a verified phone). Two different strong
  keys of the same `exclusive` namespace on one person are a clash.
- `contact`: phone, e-mail: usually one person, sometimes a family or an office.
- `device`: a browser or device, often shared.
- `name`: a display name in one room; links within that room only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Strength = Literal["strong", "contact", "device", "name"]


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """One namespace of keys. `exclusive`: a person has at most one value of it, so two values are a clash."""

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


def make_key(namespace: str, value: str) -> str | None:
    """`namespace:value` with the value normalised; None when nothing usable is left (empty, masked).

    E-mail: trimmed, lower case. Phone: digits only, mainland numbers as 86 + 11 digits. Others: trimmed, NFC.
    Masked values (`1******6198`, `张*`, `##密文`) are no keys.
    """
    text = unicodedata.normalize("NFC", value).strip()
    if not text or "**" in text or text.startswith("##") or text.lower() in {"null", "none", "nan", "--", "-", "无"}:
        return None
    if namespace == "email":
        return email_key(text)
    if namespace == "phone":
        return phone_key(text)
    return f"{namespace}:{text}"


_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}\Z")


def email_key(text: str) -> str | None:
    """`email:` key, or None where the text is not an e-mail address."""
    text = text.strip().lower()
    return f"email:{text}" if _EMAIL.match(text) and "*" not in text else None


def phone_key(text: str) -> str | None:
    """`phone:` key of digits; 11-digit mainland mobiles get 86. None where it is not a phone number."""
    if "*" in text:
        return None
    digits = re.sub(r"[^0-9+]", "", text.strip())
    international = digits.startswith(("+", "00"))
    digits = digits.lstrip("+")
    if international and digits.startswith("00"):
        digits = digits[2:]
    if not international and re.fullmatch(r"1[3-9]\d{9}", digits):
        digits = "86" + digits
    return f"phone:{digits}" if 7 <= len(digits) <= 15 else None
