"""A schedule as an office has written it: from a workbook's cells to rows that mean something.

`columns` says what a heading means, `rows` what comes out, `reading` puts it together.
"""
