"""A calculator for models, which cannot reckon: arithmetic alone, bounded in size and time. Pure.

An expression is parsed and walked; nothing is ever run as code. Only what is listed here is known.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from workers.messages.errors import UnsupportedInputError

MAX_CHARS = 500
MAX_BITS = 4_096
"""Of a whole number on the way or at the end: 1,233 digits."""
MAX_DEPTH = 50
MAX_ARGUMENT = 500
"""Of factorial, comb and perm, whose results have a thousand digits then; and of the digits of round."""

Number = int | float

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Any], Number]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}
COUNTING: Mapping[str, Callable[..., Number]] = {
    "factorial": math.factorial,
    "comb": math.comb,
    "perm": math.perm,
}
FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    **{
        name: getattr(math, name)
        for name in (
            "sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
            "atan2", "sinh", "cosh", "tanh", "degrees", "radians", "floor", "ceil", "gcd", "lcm",
            "hypot",
        )
    },
    **COUNTING,
    "abs": abs,
    "round": round,
    "min": min,
    "max": max,
}  # fmt: skip


def calculate(expression: str) -> str:
    """Return the value of an arithmetic expression, as in Python; `^` is a power too.

    Raises: UnsupportedInputError for what is no arithmetic, too large, or has no value.
    """
    if len(expression) > MAX_CHARS:
        raise UnsupportedInputError(
            f"The expression has {len(expression):,} characters; at most {MAX_CHARS} are read."
        )
    try:
        tree = ast.parse(_plain(expression), mode="eval")
        value = _value(tree.body, 0)
        return _written(value)
    except UnsupportedInputError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
        reason = err.msg if isinstance(err, SyntaxError) else str(err) or "too deeply nested"
        raise UnsupportedInputError(
            f"{expression!r} cannot be calculated: {reason}.", "Use numbers, + - * / ** and ( )."
        ) from err
    except (ArithmeticError, TypeError) as err:
        raise UnsupportedInputError(f"{expression!r} has no value: {err}.") from err


def _plain(expression: str) -> str:
    """Return it with the signs that people write in place of Python's."""
    for written, meant in (("×", "*"), ("·", "*"), ("÷", "/"), ("−", "-"), ("^", "**")):
        expression = expression.replace(written, meant)
    return expression.strip()


def _value(node: ast.expr, depth: int) -> Number:
    if depth > MAX_DEPTH:
        raise UnsupportedInputError(f"It is nested in more than {MAX_DEPTH} levels.")
    match node:
        case ast.Constant(value=bool()):
            raise _unknown(node)
        case ast.Constant(value=int() | float() as number):
            return _checked(number)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return UNARY[type(op)](_value(operand, depth + 1))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, depth + 1), _value(right, depth + 1))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return _checked(BINARY[type(op)](_value(left, depth + 1), _value(right, depth + 1)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return _called(name, [_value(argument, depth + 1) for argument in args])
    raise _unknown(node)


def _called(name: str, arguments: list[Number]) -> Number:
    bounded = arguments if name in COUNTING else arguments[1:] if name == "round" else []
    if any(abs(argument) > MAX_ARGUMENT for argument in bounded):
        raise UnsupportedInputError(f"{name} is calculated up to {MAX_ARGUMENT} only.")
    return _checked(FUNCTIONS[name](*arguments))


def _power(base: Number, exponent: Number) -> Number:
    """Reckon before it is computed how large it gets."""
    is_whole = isinstance(base, int) and isinstance(exponent, int)
    if is_whole and exponent > 0 and abs(base) > 1:
        num_bits = math.log2(abs(base)) * exponent if exponent <= MAX_BITS else math.inf
        if num_bits > MAX_BITS:
            raise _too_large()
    value: Any = base**exponent if is_whole else float(base) ** exponent
    if isinstance(value, complex):
        raise UnsupportedInputError("The root of a negative number is no real number.")
    return _checked(value)


def _checked(number: Any) -> Number:
    """Raises: UnsupportedInputError for what is too large to go on with, or no number."""
    if isinstance(number, int):
        if number.bit_length() > MAX_BITS:
            raise _too_large()
        return number
    if not isinstance(number, float) or not math.isfinite(number):
        raise UnsupportedInputError("The result is too large, or no number.")
    return number


def _written(number: Number) -> str:
    """Whole numbers whole; others with fifteen digits, which all are right."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return str(number) if isinstance(number, int) else f"{number:.15g}"


def _too_large() -> UnsupportedInputError:
    return UnsupportedInputError(f"A number has more than {MAX_BITS:,} bits; that is too large.")


def _unknown(node: ast.expr) -> UnsupportedInputError:
    return UnsupportedInputError(
        f"{ast.unparse(node)[:80]!r} is no arithmetic.",
        f"Known are numbers, + - * / // % **, {', '.join(CONSTANTS)}, {', '.join(FUNCTIONS)}.",
    )
