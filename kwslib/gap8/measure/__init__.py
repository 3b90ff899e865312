"""What a program costs, and whether it computed what the reference does."""
