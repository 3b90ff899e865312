"""Doing it: parameters, notebooks, trainings, sweeps, and what they leave behind."""
