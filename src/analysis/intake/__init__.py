"""Intake: from a clinic's session log to the cohort that questions are asked of."""
