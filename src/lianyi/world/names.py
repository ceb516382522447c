"""Names, nicknames and places, composed by us from common characters; nobody in particular is meant."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.world.rows import join, take
from lianyi.world.settings import Bools, Ints

CITIES = tuple(
    line.split("/")
    for line in (
        "上海/上海/Shanghai/9", "北京/北京/Beijing/9", "杭州/浙江/Hangzhou/7", "成都/四川/Chengdu/7",
        "深圳/广东/Shenzhen/7",
        "广州/广东/Guangzhou/6", "武汉/湖北/Wuhan/5", "南京/江苏/Nanjing/5", "苏州/江苏/Suzhou/4", "西安/陕西/Xi'an/4",
        "重庆/重庆/Chongqing/5", "长沙/湖南/Changsha/4", "青岛/山东/Qingdao/3", "厦门/福建/Xiamen/3",
        "昆明/云南/Kunming/2",
        "大连/辽宁/Dalian/2", "合肥/安徽/Hefei/3", "郑州/河南/Zhengzhou/3", "宁波/浙江/Ningbo/2", "福州/福建/Fuzhou/2",
        "贵阳/贵州/Guiyang/1", "兰州/甘肃/Lanzhou/1", "哈尔滨/黑龙江/Harbin/2", "南宁/广西/Nanning/1",
    )
)  # fmt: skip
CITY_ZH = pa.array([city[0] for city in CITIES])
PROVINCE_ZH = pa.array([city[1] for city in CITIES])
CITY_EN = pa.array([city[2] for city in CITIES])
CITY_WEIGHTS = np.array([float(city[3]) for city in CITIES])
CITY_WEIGHTS = CITY_WEIGHTS / CITY_WEIGHTS.sum()

# Surnames with a rough weight each (how often they are met), then characters of given names.
SURNAMES = (
    "王9 李9 张8 刘7 陈7 杨5 黄4 赵4 吴4 周4 徐3 孙3 马3 朱3 胡3 郭3 何3 林3 高3 罗3 郑2 梁2 谢2 宋2 "
    "唐2 许2 韩2 邓2 冯2 曹2 彭2 曾2 肖2 田2 董2 潘2 袁2 蔡2 蒋2 余2 于2 杜2 叶2 程2 魏2 苏2 吕2 丁2 "
    "任2 卢1 姚1 沈1 钟1 姜1 崔1 谭1 陆1 范1 汪1 廖1 石1 金1 韦1 贾1 夏1 付1 方1 邹1 熊1 白1 孟1 秦1 "
    "邱1 侯1 江1 尹1 薛1 闫1 段1 雷1 龙1 黎1 史1 陶1 贺1 毛1 郝1 顾1 龚1 邵1 欧阳1 司徒1"
)
GIVEN_F = (
    "雨欣 晓雯 静 梓涵 婷 佳怡 若溪 思琪 诗语 可心 雪 美玲 紫萱 慧敏 一诺 晨曦 "
    "玉兰 敏 丽华 舒窈 予安 知夏 念慈 秋月 小满 菲 嘉禾 悦宁 青禾 素心"
)
GIVEN_M = (
    "浩然 子轩 宇航 志远 博文 明哲 睿 家豪 勇 天佑 鹏 承宇 海峰 思远 景行 立诚 牧野 星河 之远 怀瑾 东升 云起 望舒 行健"
)
PARTS_A = "雨 晓 子 佳 若 思 诗 可 梓 一 予 知 念 秋 嘉 悦 青 素 明 志 博 家 承 亦 海 景 立 云 望 行 安 书 星 沐 清"
PARTS_B = "欣 雯 涵 怡 溪 琪 语 心 萱 敏 诺 曦 夏 慈 月 禾 宁 轩 杰 远 文 哲 豪 宇 峰 航 野 河 瑜 彤 然 辰 帆"
FIRST_EN_F = (
    "Anna Bella Clara Daisy Emma Fiona Grace Hazel Iris Julia Kate Lily Mia Nora Olive Penny Rosa Sophie Tess Willa"
)
FIRST_EN_M = (
    "Adam Ben Caleb Daniel Ethan Felix George Henry Ian Jack Kevin Leo Max Noah Oscar Peter Quinn Ryan Sam Toby"
)
LAST_EN = (
    "Abbot Barlow Carver Dalton Easton Fletcher Garner Hadley Ingram Jarvis Keller Lawton Mercer Norwood Oakley "
    "Parrish Quimby Radley Sawyer Thorne Underhill Vance Wexler Yardley Ashby Brook Calder Denham Ellery Frost"
)
MOODS = (
    "爱喝茶的 早起的 慢吞吞的 爱笑的 山里的 努力的 想去海边的 不加糖的 圆滚滚的 安静的 "
    "认真的 迷路的 晒太阳的 有点困的 会做饭的"
)
THINGS = "小鹿 柚子 团子 阿橘 松果 芒果 云朵 豆包 青蛙 企鹅 月亮 石榴 海盐 竹子 面包 刺猬 栗子 河马 向日葵 小满"
NICK_EN = "sunny tea misty hill moss cloud river pine mellow honey stone leaf maple drift lark"


def _weighted(words: list[str]) -> pa.Array:
    return pa.array([word[:-1] for word in words for _ in range(int(word[-1]))])


SURNAME_POOL = _weighted(SURNAMES.split())
GIVEN_POOLS = tuple(
    pa.array(given.split() + [a + b for a in PARTS_A.split() for b in PARTS_B.split()]) for given in (GIVEN_F, GIVEN_M)
)


def names(dice: np.random.Generator, *, male: Bools, english: Bools) -> pa.Array:
    """A full name per person: Chinese, or English where the person speaks English."""
    count = len(male)
    surname = take(SURNAME_POOL, dice.integers(0, len(SURNAME_POOL), count))
    given = _either(dice, male, *GIVEN_POOLS)
    first = _either(dice, male, pa.array(FIRST_EN_F.split()), pa.array(FIRST_EN_M.split()))
    last = _pick(dice, LAST_EN, count)
    return _choose(english, join(first, " ", last), join(surname, given))


def nicknames(dice: np.random.Generator, full: pa.Array, *, english: Bools) -> pa.Array:
    """What people call themselves in groups: a made-up thing, a part of the name, or the name itself."""
    count = len(english)
    style = dice.integers(0, 4, count)
    number = join(dice.integers(1, 999, count))
    made = join(_pick(dice, MOODS, count), _pick(dice, THINGS, count))
    short = join(_pick(dice, THINGS, count), number)
    western = join(_pick(dice, NICK_EN, count), "_", _pick(dice, NICK_EN, count), number)
    chinese = _choose(style == 0, full, _choose(style == 1, short, made))
    return _choose(english, _choose(style == 0, full, western), chinese)


def _pick(dice: np.random.Generator, words: str, count: int) -> pa.Array:
    pool = pa.array(words.split())
    return take(pool, dice.integers(0, len(pool), count))


def _either(dice: np.random.Generator, second: Bools, first_pool: pa.Array, second_pool: pa.Array) -> pa.Array:
    draw = dice.random(len(second))
    a = take(first_pool, (draw * len(first_pool)).astype(np.int64))
    b = take(second_pool, (draw * len(second_pool)).astype(np.int64))
    return _choose(second, b, a)


def _choose(mask: Bools, yes: pa.Array, no: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.if_else(pa.array(mask), yes, no)


def city_index(dice: np.random.Generator, count: int) -> Ints:
    """A city per person, big ones oftener."""
    return dice.choice(len(CITIES), size=count, p=CITY_WEIGHTS).astype(np.int8)
