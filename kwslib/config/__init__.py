"""What an experiment is, as frozen data."""
