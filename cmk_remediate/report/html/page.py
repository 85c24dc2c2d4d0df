"""The frame of every page: jinja2 with everything escaped, one style sheet, no other file.

What a template prints is put into words first (`plain`): ASCII on one line, so nothing in a name turns the reading direction,
hides what follows, or ends a line.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import span
from cmk_remediate.codes import CODES
from cmk_remediate.errors import InputError
from cmk_remediate.report.words import count, plain, value

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST_VALUE = 4_000
"""The longest value shown whole, in characters."""
_PACKAGE = "cmk_remediate.report.html"


def environment() -> Environment:
    """Return what makes the pages.

    Raises:
        InputError: CMK141 when jinja2 is not installed.
    """
    try:
        return _environment()
    except ImportError as error:
        raise InputError(codes.input_.REPORT_EXTRA_MISSING, str(error), resource="--format html") from error


def page(template: str, **shown: Any) -> str:
    """Return the page that *template* makes of *shown*.

    Raises:
        InputError: CMK141 when jinja2 is not installed.
    """
    return environment().get_template(template).render(shown).rstrip() + "\n"


@cache
def _environment() -> Environment:
    import jinja2  # noqa: PLC0415 - of an extra: only what makes pages needs it
    import markupsafe  # noqa: PLC0415 - comes with it

    def worded(found: object) -> object:
        """Put into words all that no template and no filter has made."""
        return found if isinstance(found, markupsafe.Markup) else plain(str(found))

    made = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=worded,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The sheet is ours and holds nothing that was read anywhere.
    sheet = (files(_PACKAGE) / "templates" / "page.css").read_text(encoding="utf-8")
    made.globals.update(css=markupsafe.Markup(sheet), codes=CODES, count=count)  # noqa: S704 - as above
    made.filters.update(span=span, shown=lambda found: value(found, LONGEST_VALUE))
    return made
