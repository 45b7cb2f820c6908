from pathlib import Path

import pytest
import samples

from scanner.report import RenderOptions


@pytest.fixture
def full():
    return samples.full_report()


@pytest.fixture
def everything():
    return RenderOptions(all_outcomes=True)


@pytest.fixture(scope="session")
def repository():
    return Path(__file__).parents[2]
