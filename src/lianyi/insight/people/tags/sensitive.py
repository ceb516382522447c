"""What may not be said of a person by default: sensitive personal information (PIPL articles 28–31).

A rule is refused when its name, its words or the attributes it reads point to one of the classes. One way is open: a
rule may state `sensitive: {basis: separate consent, purpose: …, why: …}`; it then speaks only of people who granted a
consent for exactly that purpose (PIPL 29). Numbers of identity papers and bank accounts, and children, stay closed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from lianyi.errors import SensitiveTag
from lianyi.insight.conditions import syntax as s


@dataclass(frozen=True, kw_only=True)
class Class:
    """One class of sensitive information. pattern: in the subset of RE2, Java and Python. closed: never allowed."""

    name: str
    zh: str
    pattern: str
    closed: bool = False


CLASSES = (
    Class(
        name="health",
        zh="医疗健康",
        pattern="病史|病人|患者|患病|疾病|癌|肿瘤|糖尿病|高血压|心脏病|肝炎|抑郁|焦虑症|精神病|艾滋|残疾|怀孕|孕妇|孕期|孕妈|备孕|流产"
        "|不孕|用药|服药|处方|过敏史|体检|基因检测|\\bhiv\\b|\\baids\\b|\\b(disease|illness|cancer|diabet|depress|pregnan"
        "|miscarr|abortion|disab|medicat|diagnos|mental health|medical|infertil|genetic test)",
    ),
    Class(
        name="belief",
        zh="宗教信仰",
        pattern="宗教|信教|信徒|教徒|佛教|道教|基督|天主教|伊斯兰|穆斯林|清真|\\b(religio|christian|catholic|muslim|islam"
        "|jewish|judaism|buddhis|hindu|atheis|halal|kosher)",
    ),
    Class(
        name="politics",
        zh="政治面貌与观点",
        pattern="政治|政见|党员|党派|异见|上访|\\b(politic|communist|republican|democrat|dissident|union member)",
    ),
    Class(
        name="sexuality",
        zh="性取向与性生活",
        pattern="性取向|性生活|同性恋|双性恋|跨性别|出柜|\\b(gay|lesbian|lgbt|bisexual|homosexual|transgender|sexual)",
    ),
    Class(name="origin", zh="民族与种族", pattern="民族|种族|族裔|\\b(ethnic|racial)"),
    Class(
        name="biometrics", zh="生物识别", pattern="人脸识别|指纹|声纹|虹膜|\\b(biometric|fingerprint|face recognition)"
    ),
    Class(
        name="place",
        zh="行踪与精确位置",
        pattern="行踪|轨迹|实时定位|精确位置|经纬度|家庭住址|门牌"
        "|\\b(gps|latitude|longitude|precise location|whereabouts|home address)|^address$",
    ),
    Class(name="offence", zh="违法犯罪记录", pattern="前科|犯罪|\\b(criminal record|convict)"),
    Class(
        name="papers",
        zh="证件与金融账户",
        pattern="身份证|护照号|社保号|银行卡|征信|存款|\\bid[ _]?(number|card|no)\\b"
        "|\\b(passport|social security|ssn\\b|bank account|card number|credit score)",
        closed=True,
    ),
    Class(
        name="minors",
        zh="未成年人",
        pattern="未成年|小学生|初中生|中学生|\\b(minors|underage|under 1[0-8]|schoolchild|teenager)",
        closed=True,
    ),
)
# Children under 14 are sensitive by law (PIPL 31): no rule says anything of them.
CHILD_AGE = 14
_ADULT = Decimal(18)
# One pattern for all classes, for searching in SQL.
ANY_CLASS = "(?i)" + "|".join(kind.pattern for kind in CLASSES)


def sensitive_class(text: str) -> Class | None:
    """The first class that a text points to."""
    return next((kind for kind in CLASSES if re.search(kind.pattern, text, re.IGNORECASE | re.ASCII)), None)


def refuse_sensitive(name: str) -> None:
    """SensitiveTag where a tag's name points to a sensitive class."""
    found = sensitive_class(name)
    if found is not None:
        raise SensitiveTag(
            f"tag {name!r} speaks of {found.name} ({found.zh}), which is refused by default; "
            "see docs/methods/tags.md on what the law asks for"
        )


def sensitive_in(names: tuple[str, ...], *conditions: s.Node) -> tuple[str, Class] | None:
    """The first text in a rule that points to a class, with the class: names, words, values, attributes, ages."""
    texts = [*names, *(text for condition in conditions for text in s.texts_in(condition))]
    for text in texts:
        found = sensitive_class(text)
        if found is not None:
            return text, found
    if any(_speaks_of_children(part) for condition in conditions for part in s.walk(condition)):
        return "age", next(kind for kind in CLASSES if kind.name == "minors")
    return None


def _speaks_of_children(node: s.Node) -> bool:
    """A test of the age with a border below 18."""
    if not isinstance(node, s.Compare | s.Between | s.OneOf):
        return False
    parts = list(s.walk(node))
    aged = any(isinstance(part, s.Name) and part.name == "age" for part in parts)
    return aged and any(isinstance(part, s.Number) and part.value < _ADULT for part in parts)
