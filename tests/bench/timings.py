"""Made-up timings."""

from face_jax.bench.results import CaseTiming


def timing(name, seconds, group="", flops=0.0):
    return CaseTiming(
        name=name,
        group=group,
        flops=flops,
        lower_seconds=0.25,
        compile_seconds=0.5,
        planned_bytes=3 << 20,
        resident_growth_bytes=None,
        seconds=tuple(seconds),
        cpu_seconds=tuple(2 * each for each in seconds),
    )
