"""Answers: one function per clinical question, from a cohort to estimates."""
