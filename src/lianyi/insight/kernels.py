"""The one place where Numba is imported: how kernels are compiled, and the types of arrays they share.

Kernels are cached on disk (compiled once per machine and version) and release the interpreter's lock, so that threads
of Python share the work; Numba's own thread pools abort a process that calls them from two threads at once.

Numba itself is loaded when the first kernel is called: that takes a third of a second and a hundred megabytes, and
most processes read tables that others made. Until then a kernel is an Asleep; with the first call every Asleep gives
way to its kernel wherever a module holds it, since a kernel sees in other kernels only what Numba made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile `function` at its first call; its cache is void when its file changes (not when a callee's file does)."""

    def make() -> Any:
        from numba import njit

        return njit(cache=True, nogil=True)(function)

    return _kernel(function, make)


def inlined(function: Function) -> Function:
    """For small steps of a kernel's inner loop: a call would count references of every array it passes."""

    def make() -> Any:
        from numba import njit

        return njit(inline="always", nogil=True)(function)

    return _kernel(function, make)


@dataclass(eq=False)
class Asleep:
    """A kernel before the first call of any. function: what it was made of. make: makes the kernel."""

    function: Callable[..., Any]
    make: Callable[[], Any]
    kernel: Any = None

    def __post_init__(self) -> None:
        self.__doc__ = self.function.__doc__
        self.__name__ = self.function.__name__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        wake()
        return self.kernel(*arguments, **named)


@dataclass
class _Sleepers:
    """What waits for the first call of a kernel."""

    waiting: list[Asleep] = field(default_factory=list)
    awake: bool = False
    lock: RLock = field(default_factory=RLock)


_sleepers = _Sleepers()


def _kernel(function: Function, make: Callable[[], Any]) -> Function:
    with _sleepers.lock:
        if _sleepers.awake:
            return cast("Function", make())
        _sleepers.waiting.append(Asleep(function, make))
        return cast("Function", _sleepers.waiting[-1])


def wake() -> None:
    """Load Numba and put every kernel in the place of its Asleep. Happens by itself at the first call of a kernel."""
    with _sleepers.lock:
        if _sleepers.awake:
            return
        for sleeper in _sleepers.waiting:
            sleeper.kernel = sleeper.make()
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", {})
            for name, value in list(names.items()):
                if isinstance(value, Asleep):
                    names[name] = value.kernel
        _sleepers.awake = True
        _sleepers.waiting.clear()


def _prefetch(typing: Any, array: Any, index: Any) -> Any:  # noqa: ARG001  Numba calls it with its typing context
    """Ask the processor to fetch array[index] soon: rows of large graphs miss every cache, waiting is half the time."""
    from llvmlite import ir
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        hint = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [place.type], hint)
        builder.call(fetch, [place, word(0), word(3), word(1)])  # to read, keep it close, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _make_prefetch() -> Any:
    from numba.extending import intrinsic

    return intrinsic(_prefetch)


prefetch = cast("Callable[[NDArray[Any], int], None]", _kernel(_prefetch, _make_prefetch))
