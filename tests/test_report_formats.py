"""A report as LaTeX, PDF and notebook, and its references."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from reported_runs import report_run

import bench
from bench import registry
from bench.cli import main
from bench.reporting.citations import cited, cited_by_name, papers
from bench.reporting.document import Heading, Paragraph
from bench.reporting.latex import escaped, latex_text
from bench.reporting.notebook import notebook
from bench.reporting.pdf import WHOLE, typst_text
from metrics.errors import InputError

ODD = '50 % of $a_b & #1 {x} ~ ^ \\ 1 × 2 ≥ − [≈ λ 字 <b> "q"'


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A run with two curves and no grids."""
    folder = tmp_path_factory.mktemp("formats")
    run = report_run(folder, "gan")
    for path in (run / "grids" / "film.npz", run / "evaluation.csv"):
        path.unlink()
    return folder


@pytest.fixture(scope="module")
def report(home):
    return bench.report(home / "runs" / "gan-digits-seed0", results=home / "results", title=ODD)


def run_of(home):
    return home / "runs" / "gan-digits-seed0"


def test_no_letter_is_a_command_of_latex():
    assert escaped(ODD) == (
        r"50 \% of \$a\_b \& \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} 1 $\times$ 2 $\geq$ $-$ "
        r"{[}$\approx$ $\lambda$ [U+5B57] \textless{}b\textgreater{} \textquotedbl{}q\textquotedbl{}"
    )
    assert escaped("é ń ḿ") == "é ń m"


def test_latex_is_a_folder_with_every_figure_as_pdf_svg_and_png(home, tmp_path):
    made = bench.report(run_of(home), results=home / "results", output=tmp_path / "r", format="latex", figure_scale=0.5)
    files = {path.relative_to(tmp_path / "r").as_posix() for path in (tmp_path / "r").rglob("*") if path.is_file()}
    figures = {f"figures/{one.name}.{kind}" for one in made.figures for kind in ("pdf", "svg", "png")}
    assert files == figures | {"report.tex", "references.bib"}
    text = (tmp_path / "r" / "report.tex").read_text()
    assert rf"\includegraphics[width=0.375\linewidth]{{figures/{made.figures[0].name}.pdf}}" in text
    assert text.count(r"\begin{tabular}") == len(made.tables) and text.isascii()
    assert "goodfellow2014generative" in (tmp_path / "r" / "references.bib").read_text()


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX is installed: the LaTeX of a report is not compiled")
def test_the_latex_compiles(home, tmp_path):
    bench.report(run_of(home), results=home / "results", output=tmp_path / "r", format="latex", figure_scale=0.5)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    subprocess.run(command, cwd=tmp_path / "r", check=True, capture_output=True, timeout=120)
    assert (tmp_path / "r" / "report.pdf").stat().st_size > 10_000


def test_latex_in_a_zip_is_the_same_folder(home, tmp_path):
    bench.report(run_of(home), results=home / "results", output=tmp_path / "r.zip", figure_scale=0.5)
    with ZipFile(tmp_path / "r.zip") as archive:
        assert {"report.tex", "references.bib"} <= set(archive.namelist())


def test_a_long_table_goes_on_under_its_head(report):
    settings = report["settings"]
    long = replace(settings, rows=settings.rows * 20)
    text = latex_text(replace(report.document, blocks=(long,)), 1)
    assert text.count(r"\toprule") == -(-len(long.rows) // 36) and "(continued)" in text


@pytest.mark.parametrize(("rows", "breakable"), [(WHOLE, "false"), (WHOLE + 1, "true")])
def test_a_table_stands_on_one_page_unless_it_is_long(report, rows, breakable):
    settings = report["settings"]
    table = replace(settings, rows=(settings.rows * WHOLE)[:rows])
    assert f"#block(above: 1.3em, breakable: {breakable})[" in typst_text(replace(report.document, blocks=(table,)), 1)


def test_a_table_of_many_columns_has_a_page_on_its_side(report):
    assert "#page(flipped: true)" not in typst_text(report.document, 1)
    wide = report["settings"]
    wide = replace(wide, columns=wide.columns * 3, rows=tuple(row * 3 for row in wide.rows))
    assert typst_text(replace(report.document, blocks=(wide,)), 1).count("#page(flipped: true)") == 1


def test_a_heading_above_a_table_of_many_columns_is_on_its_page(report):
    wide = report["settings"]
    wide = replace(wide, columns=wide.columns * 3, rows=tuple(row * 3 for row in wide.rows))
    text = typst_text(replace(report.document, blocks=(Paragraph("before"), Heading("Comparison", 1), wide)), 1)
    assert text.index("before") < text.index("#page(flipped: true)") < text.index("Comparison")


def test_a_text_of_the_pdf_is_a_string_and_no_markup(report):
    text = typst_text(report.document, 1)
    assert '"50 % of $a_b & #1 {x} ~ ^ \\\\ 1 × 2 ≥ − [≈ λ 字 <b> \\"q\\""' in text


def test_pdf_is_written_by_typst(home, tmp_path):
    pytest.importorskip("typst", reason="typst is not installed: pip install genbench[report]")
    bench.report(run_of(home), results=home / "results", output=tmp_path / "r.pdf", title=ODD)
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_pdf_without_typst_says_how_to_get_it(home, tmp_path, monkeypatch):
    monkeypatch.setattr("bench.reporting.pdf.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'needs typst, which is not installed: pip install "genbench\[report\]"'):
        bench.report(run_of(home), results=home / "results", output=tmp_path / "r.pdf")
    assert not list(tmp_path.iterdir())


def test_the_notebook_reads_the_runs_again_with_paths_from_where_it_lies(home, report, tmp_path):
    keywords = {"results": home / "results", "title": ODD}
    cells = json.loads(notebook(report.document, 1, [run_of(home)], keywords, home))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert code[0] == (
        f"import bench\n\nreport = bench.report(\n    'runs/gan-digits-seed0',\n    results='results',\n"
        f"    title={ODD!r},\n)"
    )
    assert code[1:] == [f"report[{one.name!r}]" for one in report if hasattr(one, "name")]
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_the_notebook_runs(home):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install -e .[test]")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e .[test]")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e .[test]")
    path = home / "report.ipynb"
    bench.report(run_of(home), results=home / "results", output=path)
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(home)}}).execute()
    shown = [set(out["data"]) for cell in book.cells if cell.cell_type == "code" for out in cell.outputs]
    assert {"text/html", "text/plain"} in shown and {"image/png", "text/plain"} in shown


# ----- what to cite


def test_every_model_metric_data_set_and_network_has_an_entry_in_the_list_of_papers():
    keys = {one.key for one in papers()} | {"genbench"}
    for kind in ("models", "metrics", "datasets", "extractors", "pretrained"):
        for name in registry.names(kind):
            if name != "pixels":
                assert {one.key for one in cited(kind, name)} <= keys, name


def test_entries_are_whole_and_in_the_order_of_their_keys():
    assert [one.key for one in papers()] == sorted({one.key for one in papers()})
    text = (Path(bench.__file__).parent / "reporting" / "papers.bib").read_text(encoding="utf-8")
    assert len(papers()) == text.count("\n@") + 1
    for one in papers():
        assert {"author", "title", "year"} <= set(one.fields), one.key
        assert one.bibtex.count("{") == one.bibtex.count("}") and "data =" not in one.bibtex
        assert "{" not in one.plain and "\\" not in one.plain


def test_what_is_cited_stands_in_the_order_of_the_source():
    assert [one.key for one in cited_by_name("memorisation")] == [
        "alaa2022faithful", "meehan2020non", "schilling1986multivariate",
    ]  # fmt: skip
    assert [one.key for one in cited_by_name("digits")] == ["alpaydin1998digits"]
    assert [one.key for one in cited_by_name("shapes")] == ["genbench"]


def test_the_command_prints_bibtex_once_for_each(home):
    found = CliRunner().invoke(main, ["cite", "dcgan", "kid", "dcgan"], prog_name="bench")
    assert found.stdout.count("@") == 2 and "@inproceedings{radford2016unsupervised," in found.stdout
    found = CliRunner().invoke(main, ["cite", "fidd"], prog_name="bench")
    assert found.exit_code == 2 and "nothing is called 'fidd'. Did you mean" in found.stderr
    assert "nothing to cite" in CliRunner().invoke(main, ["cite"], prog_name="bench").stderr


def test_a_run_cites_its_model_data_metrics_and_network(home):
    keys = [one.key for one in bench.cite(run_of(home), results=home / "results")]
    assert keys == ["goodfellow2014generative", "alpaydin1998digits", "heusel2017gans", "genbench"]
