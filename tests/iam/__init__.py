"""Policies, judged by another evaluator and an oracle."""
