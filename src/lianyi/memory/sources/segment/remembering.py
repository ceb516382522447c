"""Remembering what a function said: for functions that are asked the same a hundred thousand times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(dict[Key, Value]):
    """`remembered[key]` is `function(key)`, worked out once while the key is asked for again and again.

    Two halves of `size // 2` keys: when the new one is full it becomes the old one, whose keys are kept if they are
    asked for meanwhile. A hit costs one look into a dictionary, half of what functools.lru_cache asks, which keeps an
    order. What the function raises is not remembered.
    """

    def __init__(self, function: Callable[[Key], Value], size: int) -> None:
        super().__init__()
        self._function = function
        self._half = size // 2
        self._old: dict[Key, Value] = {}

    def __missing__(self, key: Key) -> Value:
        try:
            value = self._old[key]
        except KeyError:
            value = self._function(key)
        if len(self) >= self._half:
            self._old = dict(self)
            self.clear()
        self[key] = value
        return value
