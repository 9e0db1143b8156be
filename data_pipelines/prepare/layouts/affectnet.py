"""AffectNet: ``{train,val}_set/images/N.jpg`` with ``annotations/N_{exp,lnd}.npy``."""

from pathlib import Path

from data_pipelines.expression_names import EXPRESSIONS
from data_pipelines.landmarks.files import read_array
from data_pipelines.prepare.entries import (
    TEST,
    Entry,
    Listing,
    below,
    existing,
    listing,
    training_split,
)
from data_pipelines.sources.listing import IMAGE_EXTENSIONS


def list_entries(root: Path) -> Listing:
    """Pictures with expression and landmarks; the owners' validation is the test.

    The owners give out no test, and methods report on their validation; a twentieth of
    the training takes its place. Persons are not told.

    Raises:
      FileNotFoundError: there is neither ``train_set`` nor ``val_set``.
    """
    existing(root, "train_set", "val_set")
    entries, skipped = [], []
    for folder in ("train_set", "val_set"):
        images = root / folder / "images"
        for path in sorted(images.iterdir()) if images.is_dir() else ():
            if path.suffix.lower() not in IMAGE_EXTENSIONS:
                continue
            file = below(root, path)
            stem = path.parents[1] / "annotations" / path.stem
            try:
                label = _expression(stem.with_name(f"{stem.name}_exp.npy"))
            except (OSError, ValueError) as error:
                skipped.append((file, str(error)))
                continue
            split = TEST if folder == "val_set" else training_split(file)
            landmarks = stem.with_name(f"{stem.name}_lnd.npy")
            found = below(root, landmarks) if landmarks.is_file() else ""
            entries.append(Entry(file, split, file, label, found))
    return listing(entries, skipped)


def _expression(path: Path) -> str:
    """The name that an annotation stands for.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it is none of the eight expressions.
    """
    number = read_array(path)
    text = str(number.reshape(-1)[0]) if number.size else ""
    if text not in map(str, range(len(EXPRESSIONS))):
        raise ValueError(f"{path}: expected 0 to {len(EXPRESSIONS) - 1}, got {text!r}")
    return EXPRESSIONS[int(text)]
