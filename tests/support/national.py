"""The country's regions, for imports of full size.

The real lists are read from the folder named by REGIONS_DATA, or from ../shared/data/regions
where that is; without them, lists of the same size and form are made up.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

FILES = {"provinces.csv": 31, "cities.csv": 342, "areas.csv": 2978, "streets.csv": 41352}
TOTAL = sum(FILES.values())
_ROOT = Path(__file__).resolve().parents[2]
_NUMERALS = "〇一二三四五六七八九"


def national_files(folder: Path) -> list[Path]:
    """The four files, made in `folder` where the real ones are not at hand."""
    data = Path(os.environ.get("REGIONS_DATA", _ROOT.parent / "shared" / "data" / "regions"))
    if all((data / name).is_file() for name in FILES):
        return [data / name for name in FILES]
    parents: list[str] = [""]
    for (name, count), digits in zip(FILES.items(), (2, 2, 2, 3), strict=True):
        codes = list(_codes(parents, count, digits))
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("code", "name", "provinceCode"))
            writer.writerows((code, _made_up(code), code[:2]) for code in codes)
        parents = codes
    return [folder / name for name in FILES]


def _codes(parents: list[str], count: int, digits: int) -> Iterator[str]:
    """As many codes below the parents, spread over them evenly."""
    for index in range(count):
        number, parent = divmod(index, len(parents))
        yield f"{parents[parent]}{number + 11:0{digits}d}"


def _made_up(code: str) -> str:
    return "".join(_NUMERALS[int(digit)] for digit in code[-4:]) + "街道"
