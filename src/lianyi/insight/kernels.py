"""The one place where Numba is imported: how kernels are compiled, and the two types of arrays they share.

Kernels are cached on disk (compiled once per machine and version) and release the interpreter's lock, so that threads
of Python share the work; Numba's own thread pools abort a process that calls them from two threads at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile `function` at its first call; its cache is void when its file changes (not when a callee's file does)."""
    return cast("Function", njit(cache=True, nogil=True)(function))


def inlined(function: Function) -> Function:
    """For small steps of a kernel's inner loop: a call would count references of every array it passes."""
    return cast("Function", njit(inline="always", nogil=True)(function))


def _prefetch(typing: Any, array: Any, index: Any) -> Any:  # noqa: ARG001  Numba calls it with its typing context
    """Ask the processor to fetch array[index] soon: rows of large graphs miss every cache, waiting is half the time."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        hint = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [place.type], hint)
        builder.call(fetch, [place, word(0), word(3), word(1)])  # to read, keep it close, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


prefetch = cast("Callable[[NDArray[Any], int], None]", intrinsic(_prefetch))
