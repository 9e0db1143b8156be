"""Programs that XLA has compiled, kept in the user's cache: the next start is quicker.

JAX keeps them itself once it is told where; this module says where, and keeps the place
in order: one folder for each version of JAX and kind of processor, a limit to their size,
and nothing torn in it. Such programs are run, so the folder belongs to the user alone.
"""

import hashlib
import logging
import os
import platform
import time
import zlib
from pathlib import Path

from data_pipelines.sources.synthetic_settings import cache_folder
from face_jax.versions import versions

log = logging.getLogger("face_jax")

FOLDER = "compiled"
"""In the folder of cached data, see ``cache_folder``."""
MOST_BYTES = 1 << 30
"""Of all programs together; those that were not used for longest make room at a start."""
SETTLED_SECONDS = 60.0
"""A program that is younger may still be being written."""

_PATTERN = "*-cache"
_CHECKED = "checked"
_THRESHOLD = "jax_persistent_cache_min_compile_time_secs"
_PROCESSOR = Path("/proc/cpuinfo")


def enable_compilation_cache(folder: Path | None = None) -> Path | None:
    """Lets JAX keep what it compiles, and take from there what it has compiled before.

    What was compiled before the call is not kept. Settings of JAX itself go first:
    ``JAX_COMPILATION_CACHE_DIR`` names another folder, which is left as it is, and
    ``JAX_ENABLE_COMPILATION_CACHE=false`` turns the cache off. Several processes may share
    it. A folder that cannot be written is told in one line, and nothing is kept.

    Args:
      folder: of cached data; None takes ``FACE_JAX_CACHE``, or one in the user's cache.

    Returns:
      Where programs are kept; None if they are not.
    """
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    settings = jax.config.values
    if not settings["jax_enable_compilation_cache"]:
        return None
    if named := settings["jax_compilation_cache_dir"]:
        return Path(named)
    place = (folder or cache_folder()) / FOLDER / machine_name()
    try:
        tidy(place)
    except OSError as error:
        log.warning("compiled programs are not kept: %s", error)
        return None
    jax.config.update("jax_compilation_cache_dir", str(place))
    compilation_cache.reset_cache()  # JAX looks at the setting once
    if _THRESHOLD.upper() not in os.environ:
        # Small programs are many: together they take as long as the large ones.
        jax.config.update(_THRESHOLD, 0.0)
    return place


def machine_name() -> str:
    """Versions of JAX and a hash of the processor: what programs cannot be shared over.

    Code that was compiled for one processor may not run on another.
    """
    found = [platform.system(), platform.machine(), platform.processor()]
    if _PROCESSOR.exists():
        first, *_ = _PROCESSOR.read_text(encoding="utf-8").split("\n\n")
        kept = ("model name", "flags", "Features", "CPU part", "CPU implementer")
        found += [line for line in first.splitlines() if line.startswith(kept)]
    processor = hashlib.sha256("\n".join(found).encode()).hexdigest()[:12]
    libraries = versions()
    return f"jax-{libraries['jax']}-{libraries['jaxlib']}-{processor}"


def tidy(place: Path) -> None:
    """Makes the folder of programs where it is missing, and puts it in order.

    Args:
      place: of one version and processor; those beside it count for the limit too.

    Raises:
      OSError: it cannot be made or written.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _drop_torn(place)
    _make_room(place.parent)


def _drop_torn(place: Path) -> None:
    """Removes new programs that were not written to their end, as by a killed process.

    JAX would warn of them at every start. Each is looked at once.
    """
    stamp = place / _CHECKED
    since = stamp.stat().st_mtime if stamp.exists() else 0.0
    until = time.time() - SETTLED_SECONDS
    stamp.touch()
    os.utime(stamp, (until, until))
    for program in place.glob(_PATTERN):
        if since <= program.stat().st_mtime < until and not _is_whole(program):
            program.unlink(missing_ok=True)


def _is_whole(program: Path) -> bool:
    """Whether a file ends where its compression does; others than zlib's pass."""
    data = program.read_bytes()
    if data[:1] != b"\x78" and data:
        return True
    try:
        zlib.decompress(data)
    except zlib.error:
        return False
    return True


def _make_room(folder: Path) -> None:
    """Removes the programs that were not used for longest until the rest fits."""
    found = [(path, path.stat()) for path in folder.glob(f"*/{_PATTERN}")]
    size = sum(status.st_size for _, status in found)
    found.sort(key=lambda pair: max(pair[1].st_atime, pair[1].st_mtime))
    for path, status in found:
        if size <= MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        size -= status.st_size
