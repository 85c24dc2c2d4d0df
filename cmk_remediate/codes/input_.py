"""1xx: what a plan file, an estate file, a command line or a review shows before Azure is asked."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

USAGE = Code(
    "CMK100",
    title="command line not understood",
    meaning="An option or argument is unknown, missing or contradicts another one.",
    next="Run the command with --help.",
)
PLAN_UNREADABLE = Code(
    "CMK101",
    title="plan file cannot be read",
    meaning="The file is missing, unreadable or not YAML 1.2.",
    next="Check the path and the YAML at the line named.",
)
PLAN_INVALID = Code(
    "CMK102",
    title="plan file is not valid",
    meaning="A field is unknown, missing, duplicated or has a value the schema does not allow, or still holds the placeholder "
    "CHANGE-ME of a plan that `assess --write-plans` wrote.",
    next="Correct the field named; `cmk-remediate schema` prints the whole schema.",
)
RESOURCE_ID_INVALID = Code(
    "CMK103",
    title="not an Azure resource id",
    meaning="The text does not have the shape /subscriptions/{id}/resourceGroups/{name}/providers/{type}/{name}.",
    next="Copy the resource id from the portal's JSON view or from `az resource show`.",
)
TENANT_MISMATCH = Code(
    "CMK104",
    title="wrong tenant",
    meaning="The credential, or a subscription of the plan, belongs to another tenant than the plan or review names.",
    next="Sign in to the tenant of the plan, or correct `tenant`.",
)
CREDENTIAL_UNUSABLE = Code(
    "CMK105",
    title="no usable credential",
    meaning="No token could be had for Azure Resource Manager.",
    next="Sign in, or give the runbook's managed identity with `client_id`.",
)
ESTATE_INVALID = Code(
    "CMK106",
    title="estate file is not valid",
    meaning="The file that seeds the embedded Azure is unreadable or not of its schema.",
    next="Compare it with the demo estate; docs/simulator.md describes the format.",
)
KEY_DECLARED_UNSUITABLE = Code(
    "CMK107",
    title="declared key is not one the service takes",
    meaning="The plan declares a key type, size or name that the service refuses.",
    next="Declare a key of a type, size and name length that the service's page lists.",
)
RUNS_CONTRADICT = Code(
    "CMK108",
    title="two run stores named",
    meaning="`--runs`, the runbook's `runs` and the plan's `runs` name different folders.",
    next="Name it once, or make them equal.",
)
NOT_YET_SUPPORTED = Code(
    "CMK109",
    title="not available in this version",
    meaning="The value is part of the published interface but this version does not carry it out yet.",
    next="Use a local path instead; the changelog says when this arrives.",
)
REVIEW_ALTERED = Code(
    "CMK110",
    title="review altered",
    meaning="The digest in the review does not match its contents.",
    next="Make a new dry run; never edit a review.",
)
REVIEW_EXPIRED = Code(
    "CMK111",
    title="review expired",
    meaning="The review's `expires` has passed, so what it shows may no longer be true: nothing is begun with it, "
    "what it has begun goes on.",
    next="Make a new dry run and have it reviewed.",
)
REVIEW_FOREIGN = Code(
    "CMK112",
    title="review of another tenant, cloud or version",
    meaning="The review was made for another tenant or cloud, or by a format this version does not read.",
    next="Apply it where it was made for, or make a new dry run.",
)
REVIEW_ROLLED_BACK = Code(
    "CMK113",
    title="review already rolled back",
    meaning="This review was applied and rolled back; applying it again is never what was reviewed.",
    next="Make a new dry run.",
)
RUNS_DIFFER_FROM_REVIEW = Code(
    "CMK114",
    title="another run store than the review's",
    meaning="A review carries the run store its journal belongs in. Another one was given; or none, and the review's is in blob "
    "storage: a file that somebody may have altered does not say where tokens for storage go.",
    next="Give the review's run store with --runs; leave it out where that is a folder.",
)
RUN_UNKNOWN = Code(
    "CMK115",
    title="no such run",
    meaning="The run store holds no run with this digest, or the short digest fits several.",
    next="`cmk-remediate runs` lists them.",
)
REVIEW_UNREADABLE = Code(
    "CMK116",
    title="review cannot be read",
    meaning="The file is missing, not JSON, or not of the review's schema.",
    next="Give the file that `dry-run -o` wrote.",
)
GRAPH_CONFLICT = Code(
    "CMK117",
    title="two steps disagree",
    meaning="Two targets or plans ask for different values of one property of one resource.",
    next="Make them agree, or put the targets into separate resources.",
)
OUTPUT_UNWRITABLE = Code(
    "CMK118",
    title="output cannot be written",
    meaning="stdout, or the file or folder that was named, cannot be made or written, or is one the command reads. "
    "Nothing was sent that changes anything.",
    next="Name another file, in a folder that exists and can be written.",
)
RUNBOOK_ARGUMENT = Code(
    "CMK119",
    title="runbook argument not understood",
    meaning="The runbook takes one JSON object (or the name of an Automation variable that holds one); this is another thing.",
    next="Compare it with docs/runbook.md; `do`, and `plan` or `review` with `digest`, are the least it needs.",
)
REVIEW_OUTRUN = Code(
    "CMK124",
    title="run went on after its rollback was reviewed",
    meaning="The review of a rollback does not know what the run has sent since it was made.",
    next="Review the rollback anew: `rollback RUN`.",
)
SERVER_EXTRA_MISSING = Code(
    "CMK120",
    title="embedded Azure cannot be served",
    meaning="The HTTPS server of the embedded Azure needs starlette, uvicorn and trustme, which the bare library does not bring.",
    next="pip install 'cmk-remediate[simulator]'",
)
PORT_TAKEN = Code(
    "CMK121",
    title="port cannot be listened on",
    meaning="The embedded Azure needs three ports in a row on loopback, and one of them is taken or not allowed.",
    next="Name another --port, or 0 for any that are free.",
)
SCOPE_INVALID = Code(
    "CMK122",
    title="scope that cannot be exported",
    meaning="An estate is exported by subscription, resource group or management group; this is another thing.",
    next="Give a subscription's id, /subscriptions/{id}/resourceGroups/{name} or the id of a management group.",
)
PLANS_CONTRADICT = Code(
    "CMK123",
    title="plans of an estate contradict each other",
    meaning="Plans that become one run have to agree on tenant, cloud, run store, and on every vault, key and identity they share.",
    next="Make them agree, or leave one out of the estate file and run it on its own.",
)
RUNS_ADDRESS_WRONG = Code(
    "CMK130",
    title="not the address of a run store",
    meaning="A run store is a folder, or https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX, with the suffix of its cloud.",
    next="Name a folder; or copy the container's URL from the portal, add a prefix of letters, digits, dots and dashes, and "
    "leave out any `?...`.",
)
BLOB_EXTRA_MISSING = Code(
    "CMK131",
    title="blob storage cannot be used",
    meaning="A run store in blob storage needs azure-storage-blob, which the bare library does not bring.",
    next="pip install 'cmk-remediate[blob]'",
)
STORE_NEEDS_CONNECTION = Code(
    "CMK132",
    title="a remote run store needs a connection",
    meaning="A run store in blob storage is read with the credential of a connection, and the embedded Azure has no blob storage.",
    next="Pass `connection=connect()`; with --simulate name a folder.",
)
ARTEFACT_NOT_AT_HAND = Code(
    "CMK133",
    title="file of a review is not at hand",
    meaning="A saved review holds the names and digests of the files made beside it, and not the files.",
    next="Take them from where the dry run saved them, or make a new dry run with `--artefacts DIR`.",
)
FORMAT_UNFIT = Code(
    "CMK140",
    title="not shown in that format",
    meaning="Not every format shows everything: JUnit has tests and results, and only a verification has those.",
    next="Choose another format; docs/reports.md says what each one shows.",
)
REPORT_EXTRA_MISSING = Code(
    "CMK141",
    title="pages cannot be made",
    meaning="The format html is made with jinja2, which the bare library does not bring.",
    next="pip install 'cmk-remediate[report]'",
)
EVIDENCE_UNREADABLE = Code(
    "CMK150",
    title="not an evidence file",
    meaning="The file is missing, or not a zip that `verify --evidence` wrote: other members, compressed ones, another format.",
    next="Give the zip itself, as it was written; do not pack it anew.",
)
EVIDENCE_ALTERED = Code(
    "CMK151",
    title="evidence altered",
    meaning="A part of the file does not have the digest it should have, or says something else than another part of it.",
    next="Take the file from where it was saved first, and compare its SHA-256 with the one `verify` printed.",
)
EVIDENCE_NOT_JUDGED = Code(
    "CMK152",
    title="evidence of another version",
    meaning="This version cannot judge the bodies in the file, or judges them otherwise than the version that made it.",
    next="Check it with the version it was made with; evidence.json names it.",
)
