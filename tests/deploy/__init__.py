"""Deploys over time, told as stories."""
