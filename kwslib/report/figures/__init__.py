"""The book's pictures."""
