# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide, typed on a clean Debian block by block, leads to servers that work, and keeps them so.

The stages build on each other.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import skip_or_fail
from tests.guide.clean_debian import CannotMakeError
from tests.guide.journey import PIP, STAGES, Journey, Stage, journey
from tests.guide.package import built_package
from tests.guide.pages import commands

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("guide")]


@contextmanager
def clean_or_skipped() -> Iterator[Journey]:
    """A clean Debian with the package; where there can be none, the test is skipped, or fails."""
    for program in ("dh", "chromium", "openssl"):
        if shutil.which(program) is None:
            skip_or_fail("guide", f"{program} is not installed")
    try:
        with journey(built_package()) as started:
            yield started
    except CannotMakeError as why:
        skip_or_fail("guide", f"no clean Debian: {why}")


@pytest.fixture(scope="module")
def way() -> Iterator[Journey]:
    with clean_or_skipped() as started:
        yield started


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name.replace(" ", "_"))
def test_what_the_guide_says_leads_to_a_working_server(way: Journey, stage: Stage) -> None:
    if way.stuck:
        pytest.fail(f"not tried: the stage before it failed ({way.stuck})")
    seen = way.go(stage)
    for host, path in stage.servers:
        assert f"A tablet registered and uploaded to https://{host}{path}/database" in seen
        assert f"https://{host}{path}/webview shows its task in Chromium" in seen
    for step in stage.steps:
        if not step.sections:
            assert set(commands(step.page)) <= way.follower.done


def test_installing_with_pip_instead() -> None:
    with clean_or_skipped() as way:
        assert way.go(PIP).split() == ["138", "/usr/share/camcops/server/static/theme.css"]
