"""What the tests of this folder share."""

import pytest

from tests.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority nobody else knows."""
    return Authority.found(tmp_path_factory.mktemp("authority"))
