import logging

import jax.numpy as jnp

from face_jax.train.profile import Profile


def test_a_range_of_iterations_is_traced(tmp_path, caplog):
    profile = Profile(tmp_path, first=2, count=2)
    with caplog.at_level(logging.INFO, "face_jax"):
        for step in range(6):
            profile.before(step, jnp.ones(3) * step)
            if step < 4:
                assert not caplog.messages
    assert caplog.messages == [f"profile written to {tmp_path / 'process_0'}"]
    (trace,) = (tmp_path / "process_0").rglob("*.xplane.pb")
    assert trace.stat().st_size > 0


def test_a_trace_that_the_run_ends_in_is_written(tmp_path):
    profile = Profile(tmp_path, first=0, count=5)
    profile.before(0, ())
    profile.close()
    profile.close()
    assert len(list(tmp_path.rglob("*.xplane.pb"))) == 1


def test_none_without_a_request(tmp_path):
    profile = Profile(tmp_path / "none", first=None, count=3)
    profile.before(0, ())
    profile.close()
    assert not (tmp_path / "none").exists()
