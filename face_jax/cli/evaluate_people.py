"""``face-jax evaluate people``: FSRT on people it never saw, against rendered truth."""

import argparse
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli.run_flags import add_people, add_run

if TYPE_CHECKING:
    from face_jax.cli.witness import Witness
    from face_jax.fsrt.known_people import Encounter, Outcome

    Pairs = list[tuple[Encounter, Outcome]]

DESCRIPTION = """\
Measures an FSRT model on synthetic people that training never saw.

Each person is driven by a clip of their own, and by a clip of somebody else, in
absolute and relative mode, by pose alone and by expression alone. What it should look
like is known: the person is rendered in the driver's pose, with the driver's
expression, or with both. Beside the model stand copies of the source and of the
driver, and what it makes of a wrong source.

For models trained on synthetic people (configs/fsrt/people64.py); the persons are those
of the test split of the same data set. Writes report.md, report.json and sheets of
pictures, and prints the tables."""
EPILOG = """examples:
  face-jax evaluate people --checkpoint runs/people --out runs/people/evaluation

  # does pose alone leave the mouth in peace? asked of a SMIRK model
  face-jax evaluate people --checkpoint runs/people --witness runs/smirk \
      --out runs/people/evaluation
"""

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_run(parser)
    add_people(parser)
    parser.add_argument(
        "--frames",
        type=int,
        default=10,
        metavar="N",
        help="driving frames of each person (default: 10)",
    )
    parser.add_argument(
        "--witness",
        type=Path,
        metavar="DIR",
        help="a SMIRK run on such people, which then measures in made and true pictures "
        "how far heads turn, mouths open and brows rise",
    )


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint, data set or head model.
      ValueError: the run was not trained on synthetic people, or there are too few.
    """
    from face_jax.cli.conditions import conditions
    from face_jax.cli.console import log_to_console
    from face_jax.cli.known_people import KnownPeople, settings_of, synthetic_part
    from face_jax.cli.outputs import check_folder
    from face_jax.cli.subjects import data_of_run
    from face_jax.cli.witness import Witness
    from face_jax.fsrt import inference
    from face_jax.fsrt.known_people import reenact

    log_to_console()
    check_folder(args.out)
    for name in ("people", "frames"):
        if getattr(args, name) < 1:
            raise ValueError(
                f"--{name}: at least 1 expected, got {getattr(args, name)}"
            )
    data = synthetic_part(data_of_run(args.checkpoint), "synthetic")
    model = inference.load(args.checkpoint, args.step)
    witness = Witness(args.witness) if args.witness else None
    settings = settings_of(data, args.head)
    people = KnownPeople(settings, model.image_size)
    count = min(args.people, len(people.identities))
    found = []
    for number, both in enumerate(people.encounters(count, args.frames)):
        found.append([(encounter, reenact(model, encounter)) for encounter in both])
        log.info("person %d/%d", number + 1, count)
    own, cross = ([pair[k] for pair in found] for k in range(2))
    items = [
        f"{encounter.source.name} driven by {encounter.driver.name}"
        for pairs in (own, cross)
        for encounter, _ in pairs
    ]
    measured = conditions(args.checkpoint, model.variables, data, items)
    print(_write(args, own, cross, witness, measured))
    return 0


def _write(
    args: argparse.Namespace,
    own: "Pairs",
    cross: "Pairs",
    witness: "Witness | None",
    measured: dict[str, Any],
) -> str:
    """Writes the report; returns its tables."""
    from data_pipelines.video import write_image
    from face_jax.fsrt.known_people import outcome_sheet

    args.out.mkdir(parents=True, exist_ok=True)
    titles = {
        f"{len(own)} unseen people driven by themselves": own,
        f"{len(own)} unseen people driven by each other": cross,
    }
    tables = "\n".join(
        _tables(title, pairs, witness) for title, pairs in titles.items()
    )
    names = []
    for kind, pairs in (("own", own), ("cross", cross)):
        for number, pair in enumerate(pairs[:4]):
            names.append(f"{kind}_{number}")
            write_image(args.out / f"{names[-1]}.png", outcome_sheet(*pair).draw())
    pictures = "\n".join(f"![{name}]({name}.png)" for name in names)
    text = f"# {args.checkpoint} on people it never saw\n\n{tables}\n{pictures}\n"
    (args.out / "report.md").write_text(text, encoding="utf-8")
    numbers: dict[str, Any] = {
        kind: [outcome.scores for _, outcome in pairs]
        for kind, pairs in (("own", own), ("cross", cross))
    }
    numbers["conditions"] = measured
    content = json.dumps(numbers, indent=1)
    (args.out / "report.json").write_text(content, encoding="utf-8")
    return tables


def _tables(title: str, pairs: "Pairs", witness: "Witness | None") -> str:
    """Tables on some encounters, in Markdown."""
    from face_jax.cli.witness import witness_table
    from face_jax.fsrt.known_people import outcome_table
    from face_jax.tables import to_markdown

    text = to_markdown(outcome_table(title, [outcome for _, outcome in pairs]))
    if witness is None:
        return text
    return f"{text}\n{to_markdown(witness_table(title, pairs, witness))}"
