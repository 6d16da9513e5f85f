"""matrix: the table of the ways round, as the tests of this run have seen it: detected, stopped and how, at which
level, and the nearest thing that is allowed left alone."""

from __future__ import annotations

COLUMNS = {"seen": "detected", "stopped": "stopped", "level": "level", "spared": "twin left alone"}
_rows: dict[tuple[int, str], dict[str, str]] = {}


def tell(row: int, name: str, **words: str) -> None:
    """words: for some of COLUMNS; why: instead of them, what this machine lacks."""
    _rows.setdefault((row, name), {}).update(words)


def text() -> str:
    """A table of comment lines; empty when no way was gone."""
    if not _rows:
        return ""
    lines = [_line("row", "way", *COLUMNS.values())]
    for (row, name), words in sorted(_rows.items(), key=lambda item: item[0][0]):
        cells = [f"lacking: {words['why']}"] if "why" in words else [words.get(column, "–") for column in COLUMNS]
        lines.append(_line(str(row), name, *cells))
    return "\n".join(lines)


def _line(row: str, name: str, *cells: str) -> str:
    return f"# {row:>3}  {name:36}" + "".join(f"{cell:<12}" for cell in cells).rstrip()
