"""Studies over networks: ablation and robustness."""
