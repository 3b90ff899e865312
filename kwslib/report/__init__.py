"""The book's pages: elements, tables, figures."""
