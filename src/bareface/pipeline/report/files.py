"""A study in every form that people read it in."""

from pathlib import Path

from bareface.pipeline.report.figures import write_figures
from bareface.pipeline.report.flat import write_flat
from bareface.pipeline.report.latex import write_latex
from bareface.pipeline.report.markdown import write_markdown
from bareface.pipeline.report.page import write_page
from bareface.pipeline.results import Study


def write_report(study: Study, run: Path) -> None:
    """Writes everything that is made from a study alone, over what an earlier call left.

    ``report.html``, ``report.md``, ``findings.csv``, ``findings.parquet``, ``contrasts.csv``, ``people.parquet``,
    ``tables/*.tex`` and ``figures/*.png`` with ``figures/*.svg``.

    Args:
        study: All of it.
        run: The folder of the run, in which the tiles of photos lie.

    Raises:
        DataError: A tile of a photo lies outside the run's folder.
        PictureError: A tile is missing or damaged.
    """
    write_flat(study, run)
    write_markdown(study, run)
    write_latex(study, run / "tables")
    write_figures(study, run / "figures")
    write_page(study, run)
