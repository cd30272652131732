"""Whether there is time for everything: `make test-long`, or LONG=1."""

import os

import pytest

LONG = bool(os.environ.get("LONG"))
"""Laws are tried on many more cases, and what is short for the sake of speed is complete."""

ONLY_LONG = pytest.mark.skipif(not LONG, reason="much the same once more: part of make test-long")
