"""A study's result in every form: page, tables, figures, flat files."""
