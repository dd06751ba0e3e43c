"""Needs like one another: found by their letters, judged by what their words mean."""
