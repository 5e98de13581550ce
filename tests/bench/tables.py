"""Markdown tables, and how figures are written in them."""

from collections.abc import Iterable, Sequence

from processes import Measured


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and whose other columns are figures."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def digits(number: float) -> str:
    """Three digits, and all of those before the point."""
    decimals = next((decimals for decimals, end in ((3, 0.9995), (2, 9.995), (1, 99.95)) if abs(number) < end), 0)
    return f"{number:,.{decimals}f}"


def seconds(measured: Measured) -> str:
    """The median with the least and the most."""
    low, high = measured.spread
    return f"{digits(measured.seconds)} ({digits(low)}..{digits(high)})"


def mib(measured: Measured) -> str:
    return digits_of_mib(measured.peak_mib)


def digits_of_mib(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:,.1f}"


def ratio(one: Measured, other: Measured) -> str:
    return f"{one.seconds / other.seconds:.2f}"
