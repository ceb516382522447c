"""The brand of the world: invented by us, with its goods, prices and words. No such brand is meant to exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Product:
    """One article: sku, names and list price in fen (1/100 CNY)."""

    sku: str
    zh: str
    en: str
    fen: int


@dataclass(frozen=True, kw_only=True)
class Category:
    """One category of goods; it is also a topic of talk and of sharing.

    cycle: days between two purchases of a typical buyer. regularity: shape of the gap's Erlang distribution
    (1 = random, 3 = fairly regular). weight: relative number of people who care.
    """

    code: str
    zh: str
    en: str
    cycle: float
    regularity: int
    weight: float
    products: tuple[Product, ...]


@dataclass(frozen=True, kw_only=True)
class Brand:
    """A brand: names, the slug used in keys, and its categories in a fixed order (the index is the topic number)."""

    slug: str
    zh: str
    en: str
    categories: tuple[Category, ...]


def _products(code: str, rows: tuple[tuple[str, str, int], ...]) -> tuple[Product, ...]:
    return tuple(
        Product(sku=f"{code.upper()}{number:02d}", zh=zh, en=en, fen=yuan * 100 - 10)
        for number, (zh, en, yuan) in enumerate(rows, start=1)
    )


TEA = Category(
    code="tea", zh="茶饮", en="Tea", cycle=35, regularity=1, weight=1.2,
    products=_products("tea", (
        ("晨雾白茶", "Morning Mist White Tea", 89), ("山岚乌龙", "Ridge Oolong", 128),
        ("青柑小种", "Green Citrus Black", 76),
        ("桂花冷泡", "Osmanthus Cold Brew", 49), ("陈皮老茶头", "Aged Peel Nuggets", 199),
        ("茶席礼盒", "Tea Table Gift Box", 368),
    )),
)  # fmt: skip
BABY = Category(
    code="baby", zh="母婴", en="Baby", cycle=24, regularity=3, weight=1.0,
    products=_products("baby", (
        ("云朵纸尿裤", "Cloud Nappies", 119), ("软芽辅食米粉", "Soft Sprout Rice Cereal", 58),
        ("小团安睡袋", "Little Dumpling Sleep Bag", 229),
        ("温温奶瓶", "Warm-Warm Bottle", 99), ("豆豆湿巾整箱", "Bean Wipes Case", 79),
        ("成长礼篮", "Growing-Up Basket", 399),
    )),
)  # fmt: skip
SKIN = Category(
    code="skin", zh="护肤", en="Skincare", cycle=48, regularity=2, weight=1.1,
    products=_products("skin", (
        ("露珠洁面", "Dewdrop Cleanser", 88), ("苔原修护霜", "Tundra Repair Cream", 238),
        ("晴日防晒乳", "Clear Day Sunscreen", 138),
        ("海盐护手霜", "Sea Salt Hand Cream", 45), ("夜息精华", "Night Breath Serum", 329),
        ("四季护肤套装", "Four Seasons Set", 499),
    )),
)  # fmt: skip
OUTDOOR = Category(
    code="outdoor", zh="户外", en="Outdoor", cycle=95, regularity=1, weight=0.8,
    products=_products("outdoor", (
        ("溪谷徒步鞋", "Creek Hiking Shoes", 459), ("轻羽风衣", "Feather Windbreaker", 389),
        ("折叠炊具", "Folding Cook Set", 169),
        ("星空帐篷", "Starry Tent", 899), ("速干帽", "Quick-Dry Cap", 79), ("背水壶", "Trail Flask", 99),
    )),
)  # fmt: skip
HOME = Category(
    code="home", zh="家居香氛", en="Home", cycle=60, regularity=1, weight=0.7,
    products=_products("home", (
        ("雨后香薰", "After-Rain Diffuser", 149), ("亚麻抱枕", "Linen Cushion", 109),
        ("木纹夜灯", "Woodgrain Night Lamp", 189),
        ("棉被四件套", "Cotton Bedding Set", 459), ("松针蜡烛", "Pine Candle", 69), ("收纳藤篮", "Rattan Basket", 129),
    )),
)  # fmt: skip
SNACK = Category(
    code="snack", zh="零食", en="Snacks", cycle=28, regularity=1, weight=0.9,
    products=_products("snack", (
        ("海苔脆卷", "Seaweed Rolls", 26), ("高原牦牛肉干", "Plateau Jerky", 68),
        ("山楂雪球", "Hawthorn Snowballs", 32),
        ("每日坚果", "Daily Nuts", 99), ("燕麦酥饼", "Oat Cookies", 39), ("年味零食礼包", "New Year Snack Pack", 159),
    )),
)  # fmt: skip

BRANDS: Mapping[str, Brand] = {
    "lanya": Brand(slug="lanya", zh="澜芽", en="Lanya", categories=(TEA, BABY, SKIN, OUTDOOR, HOME, SNACK)),
}
