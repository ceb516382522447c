"""Structural strength: whom two people have in common, the rarer acquaintance counting more.

Adamic and Adar, "Friends and neighbors on the Web", Social Networks 25 (2003): each common neighbour counts 1 / ln of
how many neighbours it has. In weights, each counts the smaller of the two ties' weights as well.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.kernels import Doubles, Ints, Longs, kernel


def common(nodes: int, a: Ints, b: Ints, weight: Doubles, ask_a: Ints, ask_b: Ints) -> tuple[Ints, Doubles, Doubles]:
    """Per asked pair: number of common neighbours, Adamic–Adar index, and the same in weights.

    a, b, weight: undirected ties, each pair once. ask_a, ask_b: pairs to look at, tied or not.
    """
    if not (len(a) and len(ask_a)):
        return np.zeros(len(ask_a), np.int32), np.zeros(len(ask_a)), np.zeros(len(ask_a))
    source, target = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((target, source))
    begin = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=nodes), out=begin[1:])
    weights = np.concatenate([weight, weight])[order].astype(np.float64)
    return _common(begin, target[order].astype(np.int32), weights, ask_a.astype(np.int32), ask_b.astype(np.int32))


@kernel
def _common(begin: Longs, other: Ints, weight: Doubles, ask_a: Ints, ask_b: Ints) -> tuple[Ints, Doubles, Doubles]:
    count = np.zeros(len(ask_a), dtype=np.int32)
    rare = np.zeros(len(ask_a))
    heavy = np.zeros(len(ask_a))
    for pair in range(len(ask_a)):
        few, many = ask_a[pair], ask_b[pair]
        if begin[few + 1] - begin[few] > begin[many + 1] - begin[many]:
            few, many = many, few
        low, end = begin[many], begin[many + 1]
        for here in range(begin[few], begin[few + 1]):
            wanted = other[here]
            # neighbours are sorted: look on from where the last one was found, in growing steps, then by halves
            step = 1
            high = low
            while high < end and other[high] < wanted:
                low = high + 1
                high = low + step
                step *= 2
            high = min(high, end)
            while low < high:
                middle = (low + high) // 2
                if other[middle] < wanted:
                    low = middle + 1
                else:
                    high = middle
            if low < end and other[low] == wanted:
                degree = begin[wanted + 1] - begin[wanted]
                rarity = 1.0 / np.log(degree)
                count[pair] += 1
                rare[pair] += rarity
                heavy[pair] += rarity * min(weight[here], weight[low])
    return count, rare, heavy
