"""What the pages show of real output: parts of one run of the demo, and of the roles that a plan needs."""

from __future__ import annotations

import contextlib
import html
import io
import json
import re
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

import cmk_remediate
from cmk_remediate import simulator
from cmk_remediate.cli import main, simulating
from cmk_remediate.cli.board import Board
from cmk_remediate.cli.live import picture
from cmk_remediate.cli.progress import PlainProgress
from cmk_remediate.evidence import members
from cmk_remediate.report.mermaid import flowchart
from cmk_remediate.report.view import ReviewView
from cmk_remediate.simulator.server.addresses import Addresses
from cmk_remediate.simulator.server.directory import Directory
from tests.conformance.rehearsal import rehearsal
from tests.docs.tables import cell, table
from tests.report import sample_assessment

if TYPE_CHECKING:
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import Event

PLAN = Path(__file__).parents[2] / "plans" / "sql.yaml"
ESTATE = PLAN.with_name("estate.yaml")

Part = tuple[str, str]
"""Two regular expressions: the line an excerpt begins with, and the line it ends before."""

DEMO: dict[str, tuple[int, tuple[Part, ...]]] = {
    "demo-dry-run": (
        1,
        (
            (r"CANNOT BE UNDONE", r"DOWNTIME"),
            (r"TARGET sql-orders-weu", r" +note:"),
            (r" +\d+\. update +protector of sql-orders-weu", r"$"),
            (r"TARGET sql-locked-weu", r"$"),
            (r"Summary:", r"Cannot be undone"),
        ),
    ),
    "demo-apply": (2, ((r"Run ", r"Exit code"),)),
    "demo-again": (4, ((r"Summary:", r"Run id"), (r"# The request log", r"$"))),
    "demo-rollback": (5, ((r"Run .*: rollback", r"Exit code"),)),
}
"""The excerpts by name: which scene of the demo they are from, and which parts of it."""
ASSESSED: tuple[Part, ...] = (
    (r"Assessment of", r"$"),
    (r"  cosmos-orders-weu ", r"  \S"),
    (r"  sql-locked-weu ", r"  \S"),
    (r"  stbrokenweu ", r"  \S"),
    (r"COMPLIANT, OF WHAT COUNTS", r"    nobody"),
    (r"  longest since", r"$"),
    (r"  next \[CMK206\]", r"  \S"),
    (r"Summary:", r"$"),
)
"""The parts of an assessment that are shown."""


@cache
def demo() -> tuple[str, ...]:
    """Run the demo and return what each of its scenes printed.

    Raises:
        RuntimeError: it failed.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--quiet", "--color", "never", "demo"])
    if code:
        raise RuntimeError(f"the demo ended with {code}: {err.getvalue()}")
    return tuple(re.split(r"^# \d+\. .*\n", out.getvalue(), flags=re.MULTILINE))


def excerpt(name: str) -> str:
    """Return the excerpt *name* as a fenced block; parts left out show as three dots."""
    scene, parts = DEMO[name]
    return "```text\n" + "...\n".join(_part(demo()[scene], *part) for part in parts) + "```\n"


def _part(text: str, begins: str, ends: str) -> str:
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if re.match(begins, line))
    rest = lines[first + 1 :]
    length = next((index for index, line in enumerate(rest) if re.match(ends, line)), len(rest))
    return "\n".join(lines[first : first + 1 + length]).rstrip() + "\n"


def but_for_digests(text: str) -> str:
    """Return *text* with every digest, whole or short, made one: no two dry runs share one."""
    return re.sub(r"\b[0-9a-f]{8}(?:[0-9a-f]{56})?\b", "0" * 8, text)


def plan(path: Path = PLAN) -> str:
    """Return the plan in *path* as a fenced block."""
    return f"```yaml\n{path.read_text(encoding='utf-8')}```\n"


@cache
def _proved() -> tuple[str, str]:
    """Return what a check of the demo's evidence prints, as it was made and with one byte altered."""
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        place, err = Path(folder), io.StringIO()
        general = ["--simulate", str(place / "az.json"), "--runs", str(place / "runs"), "--quiet", "--color", "never"]

        def said(*arguments: object) -> str:
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main([*general, *map(str, arguments)])
            return out.getvalue()

        said("dry-run", PLAN, "-o", place / "review.json")
        door = "purge-protection:kv-cmk-weu"
        said("apply", place / "review.json", "--yes", "--accept", door, "--approver", "change-4711")
        run = json.loads((place / "review.json").read_bytes())["digest"]
        said("verify", run, "--evidence", place)
        path = place / f"{run}.zip"
        shown.append(said("check-evidence", path))
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b'"result":"accepted"', b'"result":"acceptex"', 1))
        shown.append(said("check-evidence", path))
    return shown[0], shown[1]


def evidence() -> str:
    """Return what a check of the demo's evidence prints, as a fenced block."""
    return f"```text\n{_proved()[0]}```\n"


def evidence_altered() -> str:
    """Return what a check prints of evidence with one byte altered, as far as it says what was, as a fenced block."""
    lines = _proved()[1].splitlines()
    first = next(index for index, line in enumerate(lines) if "altered" in line)
    last = max(index for index, line in enumerate(lines) if line.startswith("  altered"))
    told = [*lines[first : last + 1], "...", *(line for line in lines if line.startswith(("Summary", "Exit code")))]
    return "```text\n" + "\n".join(told) + "\n```\n"


def evidence_members() -> str:
    """Return the members of an evidence file with what each holds."""
    return table(("member", "what it holds"), ((f"`{name}`", cell(what)) for name, what in members.WHAT.items()))


@cache
def _watched() -> tuple[str, str]:
    """Return the table and the heartbeat of the demo's apply at the moment when most is waited for."""
    azure = simulator.azure()
    with tempfile.TemporaryDirectory() as folder:
        review = cmk_remediate.dry_run(str(PLAN), connection=azure.connection(), runs=folder)
        board, found, most = Board(lambda: 0.0), ("", ""), 0

        def watch(event: Event) -> None:
            nonlocal found, most
            board.take(event)
            waits = sum(one.step == "wait_for_access" and one.seconds > 0 for one in board.activities())
            if waits > most:
                most, found = waits, (_drawn(board), _beat(board))

        accept, ends = review.acknowledgements_required, timedelta(hours=2)
        cmk_remediate.apply(review, connection=azure.connection(), accept=accept, stop_after=ends, progress=watch)
    return found


def _drawn(board: Board) -> str:
    out = io.StringIO()
    Console(file=out, width=100).print(picture(board, 100, 24, colour=False))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _beat(board: Board) -> str:
    out = io.StringIO()
    PlainProgress(out, board=board).beat()
    return out.getvalue()


def live_table() -> str:
    """Return a moment of the live table, as a fenced block."""
    return f"```text\n{_watched()[0]}```\n"


def heartbeat() -> str:
    """Return a heartbeat, as a fenced block."""
    return f"```text\n{_watched()[1]}```\n"


@cache
def _assessed() -> Assessment:
    return cmk_remediate.assess("22222222-2222-4222-8222-222222222201", connection=simulator.open())


def assessed() -> str:
    """Return parts of what `assess` prints of the demo's production subscription, as a fenced block."""
    shown = cmk_remediate.render(_assessed())
    return "```text\n" + "...\n".join(_part(shown, *part) for part in ASSESSED) + "```\n"


def sections_of_assessment() -> str:
    """Return the headings of an assessment's page as a list, and what else it has where there is more to tell."""
    whole = cmk_remediate.render(sample_assessment.whole(), "html")
    return "".join(f"- {html.unescape(one)}\n" for one in re.findall(r'<h2 id="\w+"[^>]*>(.*?)</h2>', whole))


def order() -> str:
    """Return the drawing of the shipped estate's review as a fenced block."""
    review = cmk_remediate.dry_run(ESTATE, connection=simulator.open(), runs="runs")
    return f"```mermaid\n{flowchart(ReviewView(review))}\n```\n"


@cache
def _roles() -> tuple[dict[str, object], ...]:
    connection = simulator.open()
    return cmk_remediate.permissions(str(PLAN), connection=connection)


def role_names() -> str:
    """Return the names of the roles the demo's plan needs."""
    return "".join(f"- `{role['Name']}`\n" for role in _roles())


def role() -> str:
    """Return the role on the servers as a fenced block."""
    chosen = next(role for role in _roles() if str(role["Name"]).endswith(" service"))
    return f"```json\n{json.dumps(chosen, indent=2)}\n```\n"


@cache
def _page() -> str:
    review = cmk_remediate.dry_run(str(PLAN.with_name("managed-disks.yaml")), connection=simulator.open(), runs="runs")
    return cmk_remediate.render(review, "html")


def sections() -> str:
    """Return the headings of a review's page as a list."""
    return "".join(f"- {html.unescape(one)}\n" for one in re.findall(r'<h2 id="\w+">(.*?)</h2>', _page()))


def sums() -> str:
    """Return what stands under the first picture of a review's page, as a quotation."""
    found = re.search(r"<figcaption>(.*?)</figcaption>", _page(), re.DOTALL)
    if found is None:
        message = "the page has no picture"
        raise ValueError(message)
    return f"> {' '.join(html.unescape(found[1]).split())}\n"


def cut() -> str:
    """Return the last line of the Markdown of a review too long for a comment, as a quotation."""
    review = cmk_remediate.dry_run(str(PLAN), connection=simulator.open(), runs="runs")
    first, *others = review.targets
    many = tuple(first.model_copy(update={"id": f"{first.id}{number}"}) for number in range(400 - len(review.targets)))
    document = cmk_remediate.render(review.model_copy(update={"targets": (first, *many, *others)}), "markdown")
    return f"> {document.splitlines()[-1]}\n"


def junit() -> str:
    """Return what a pipeline's test tab is given of the demo's plan, but for two of its suite's cases, as a fenced block."""
    found = cmk_remediate.verify(str(PLAN), connection=simulator.open(), runs="runs")
    lines = cmk_remediate.render(found, "junit").splitlines()
    first = next(index for index, line in enumerate(lines) if "<testcase" in line)
    chosen = next(index for index, line in enumerate(lines) if "<skipped" in line)
    ends = next(index for index, line in enumerate(lines) if "</testcase>" in line)
    head = "\n".join(lines[: ends + 1])
    skipped = "\n".join(lines[chosen - 1 : chosen + 4])
    assert first < ends < chosen
    return f"```xml\n{head}\n...\n{skipped}\n...\n```\n"


def pack() -> str:
    """Return a template of the demo's rebuild packs as a fenced block."""
    review = cmk_remediate.dry_run(str(PLAN.with_name("aks.yaml")), connection=simulator.open())
    chosen = next(one for one in review.files if "aks-batch" in one.name and one.name.endswith(".bicep"))
    return f"```bicep\n{chosen.content.decode()}```\n"


def by_hand(service: str) -> str:
    """Return the script that `make conformance` runs for *service* as a fenced block."""
    return f"```sh\n{rehearsal(service).script.read_text(encoding='utf-8')}```\n"


def by_hand_differences(service: str) -> str:
    """Return why what that script leaves may differ from what `apply` leaves, as a list."""
    return "".join(f"- {one.why}\n" for one in rehearsal(service).differs)


def simulate() -> str:
    """Return what `simulate` prints as a fenced block, with ports and a secret that stay the same."""
    azure = simulator.azure()
    addresses = Addresses(8443, 8444, 8445, Path("/data/az.json.ca.pem"), "348982f276b63f971738ee93e2414095")
    said = simulating.announced(Path("az.json"), azure.clock.now(), 60, addresses, Directory(azure).operator)
    return f"```text\n{said}```\n"
