"""The independent checks: see README.md."""
