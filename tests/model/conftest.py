"""The bundle that these tests share."""

from random_networks import bundle  # noqa: F401 - a fixture
