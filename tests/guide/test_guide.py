# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide, typed on a clean Debian block by block, leads to servers that work, and keeps them so.

The stages build on each other. CAMCOPS_TEST_GUIDE=all also runs those that ordinary runs leave out, to save
time.
"""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import skip_or_fail
from tests.guide.clean_debian import CannotMakeError
from tests.guide.journey import PIP, STAGES, Journey, Stage, journey
from tests.guide.package import built_package
from tests.guide.pages import commands

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("guide")]
EVERYTHING = os.environ.get("CAMCOPS_TEST_GUIDE") == "all"


@pytest.fixture(scope="module")
def way() -> Iterator[Journey]:
    for program in ("dh", "chromium", "openssl"):
        if shutil.which(program) is None:
            skip_or_fail("guide", f"{program} is not installed")
    try:
        with journey(built_package()) as started:
            yield started
    except CannotMakeError as why:
        skip_or_fail("guide", f"no clean Debian: {why}")


def in_order(stage: Stage) -> object:
    leave_out = pytest.mark.skipif(
        stage.left_out and not EVERYTHING, reason="CAMCOPS_TEST_GUIDE=all follows the whole guide"
    )
    return pytest.param(stage, id=stage.name.replace(" ", "_"), marks=leave_out)


@pytest.mark.parametrize("stage", [in_order(stage) for stage in STAGES])
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


@pytest.mark.skipif(not EVERYTHING, reason="CAMCOPS_TEST_GUIDE=all follows the whole guide")
def test_installing_with_pip() -> None:
    with journey(built_package()) as way:
        assert "CamCOPS" in way.go(PIP)
