"""Runs notebooks and publishes pages. Knows notebooks and files, nothing of patients."""
