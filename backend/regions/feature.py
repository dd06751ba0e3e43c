"""District, subdistricts, communities, and their import."""

from backend.core.feature import Feature
from backend.regions import imports, models, waiting, words
from backend.regions.web import imports as import_pages
from backend.regions.web import routes

FEATURE = Feature(
    name="regions",
    tables=(models,),
    api=(routes.blp,),
    pages=(import_pages.pages,),
    audit=words.AUDIT,
    states={
        "地区导入 RegionImport (`backend/regions/models.py`)": models.REGION_IMPORT_TRANSITIONS
    },
    jobs=(imports.run_import, imports.forget_imports),
    todos=waiting.TODOS_OF_REGIONS,
)
