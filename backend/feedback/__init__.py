"""评价: ratings, the evaluation checklist, rectification."""
