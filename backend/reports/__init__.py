"""Figures over all features: read-only."""
