"""A schedule as an office has written it: from a workbook's cells to rows that mean something.

The database is not asked, and nothing is refused here: what is not clear says so in its row. In the
order of the work: `heads` finds the table, `columns` says what its headings mean, `lines` passes
over what is no activity, `cells` and `times` (with `when`, in the terms of `said`) say what a cell
means, `schedule` puts it together. `rows` is what comes out, for schedule/imports to make something
of.
"""
