"""Flows act: they pull, write, send and log, and decide nothing."""
