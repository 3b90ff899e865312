"""Released networks: release, model card, evaluation."""
