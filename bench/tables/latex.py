"""A table for LaTeX, with the rules of the package booktabs."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from bench.tables.table import ARROWS, Table, at_left, for_people, text
from bench.tables.words import parts_of

SPECIAL = str.maketrans(
    {
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"−": "$-$", "–": "--", "≤": r"$\leq$", "≥": r"$\geq$", "×": r"$\times$"},
        **{"↓": r"$\downarrow$", "↑": r"$\uparrow$", "→": r"$\to$", "≈": r"$\approx$", "±": r"$\pm$"},
        **{"α": r"$\alpha$", "β": r"$\beta$", "λ": r"$\lambda$", "μ": r"$\mu$", "σ": r"$\sigma$", "π": r"$\pi$"},
        **{"²": "$^2$", "³": "$^3$", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    }
)


def latex_tables(tables: Iterable[Table]) -> str:
    """Tables one below the other, each with a label of its own: the second of a name has its number."""
    before: Counter[str] = Counter()
    found = []
    for table in tables:
        before[table.name] += 1
        number = before[table.name]
        found.append(latex(replace(table, name=f"{table.name}-{number}") if number > 1 else table))
    return "\n".join(found)


def latex(table: Table) -> str:
    """A `table` with its caption, columns of numbers to the right, the best values bold and the notes below."""
    table = for_people(table)
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escaped(table.title)}}}",
        rf"  \label{{tab:{table.name}}}",
        *(f"  {line}" for line in tabular(table, escaped).split("\n")),
        *(rf"  \par\footnotesize {_with_code(note)}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def tabular(table: Table, words: Callable[[str], str]) -> str:
    """The rows alone; `words` makes a text safe."""
    places = range(len(table.columns))
    heads = [words(column.title + ARROWS[column.better]) for column in table.columns]
    rows = [
        [rf"\textbf{{{words(text(cell))}}}" if cell.best else words(text(cell)) for cell in row] for row in table.rows
    ]
    lines = [
        rf"\begin{{tabular}}{{{''.join('l' if at_left(table, place) else 'r' for place in places)}}}",
        r"  \toprule",
        f"  {' & '.join(heads)} \\\\",
        r"  \midrule",
        *(f"  {_no_option(' & '.join(row))} \\\\" for row in rows),
        r"  \bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _no_option(row: str) -> str:
    """A row that does not begin with a bracket: it would be an option of the end of the row before."""
    return "{}" + row if row.startswith("[") else row


def _with_code(words: str) -> str:
    return "".join(
        rf"\texttt{{{escaped(piece).replace('--', '-{}-')}}}" if code else escaped(piece)
        for piece, code in parts_of(words)
    )


def escaped(words: str) -> str:
    """Words in which no letter is a command."""
    return words.translate(SPECIAL)
