"""No result is typed: what the prose of a page says in digits, its code computed, or its reader was given."""

import re

import pytest
from chapters import CHAPTERS, INTRO, code_cells, read

# Decimals, and integers of three digits and more; not exponents, indices, or parts of names.
NUMBER = re.compile(r"(?<![\w.^_{-])(\d+\.\d+|\d{3,})(?!\w)")
# Definitions, licences, constants of mathematics, numbers in questions to the reader.
GIVEN = {
    "intro": {"4.0"},  # CC BY 4.0
    "04-exact-solution": {"710"},  # log of the largest float
    "05-landscape": {"0.03"},  # the contour lines drawn
    "10-plateaus": {"0.6"},  # the case of "What was not shown", in tests/test_statements.py
    "11-time-reversal": {"0.6"},  # exercise 4
    "12-which-first": {"0.577", "1.25"},  # Euler's constant; 1 / 0.8
    "13-phase-diagram": {"1.37"},  # 0.9^-3
}


def texts(path):
    """The prose of a page: its text, captions and descriptions of pictures, without code and names."""
    for cell in read(path).cells:
        mystnb = cell.metadata.get("mystnb", {})
        parts = [mystnb.get("figure", {}).get("caption", ""), mystnb.get("image", {}).get("alt", "")]
        for text in [cell.source] if cell.cell_type == "markdown" else parts:
            text = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\{admonition\} C\d\d.*", "", text)
            text = re.sub(r"^\*\*\d+\.\d+ ", "**", text, flags=re.MULTILINE)  # the number of an exercise
            yield re.sub(r"(?<=\d) (?=\d{3}\b)", "", text.replace("\\,", ""))


def computed(path):
    """Every number in the outputs and in the code of a page."""
    for cell in code_cells(path):
        shown = [cell.source]
        for output in cell.outputs:
            data = output.get("data", {})
            shown += [output.get("text", ""), *(text for kind, text in data.items() if "text/" in kind)]
        text = re.sub(r"(?<=\d)_(?=\d)", "", " ".join(map(str, shown)))
        yield from map(float, re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?", text))


def backed(number, numbers):
    """Whether one of the numbers, rounded like this one, is it."""
    decimals = len(number.partition(".")[2])
    digits = decimals if decimals else len(number.rstrip("0")) - len(number)
    return any(round(value, digits) == float(number) for value in numbers)


@pytest.mark.parametrize("path", [INTRO, *CHAPTERS], ids=lambda path: path.stem)
def test_numbers_in_the_prose_come_from_the_code(path):
    numbers = set(computed(path))
    said = {number for text in texts(path) for number in NUMBER.findall(text)}
    typed = {number for number in said - GIVEN.get(path.stem, set()) if not backed(number, numbers)}
    assert typed == set()


def test_a_typed_number_would_be_seen():
    numbers = {0.34868, 6394.2, 0.0123}
    assert all(backed(number, numbers) for number in ("0.35", "0.349", "6400", "0.012"))
    assert not any(backed(number, numbers) for number in ("0.36", "6500", "0.0124", "0.344"))
    assert NUMBER.findall("wait $6400\\tau$, b at 0.36, T = 50, $10^{-20}$, C07") == ["6400", "0.36"]
