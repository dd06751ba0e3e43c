"""What the person at the terminal sees: progress while it runs, a table at the end."""

import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

Evaluation = Mapping[str, Any]
_CLEAR_LINE = "\r\x1b[K"
_LIVE, _FROZEN = "实时", "已定稿"
_VERDICTS = {"met": "达标", "to_improve": "待改进", "insufficient_data": "评价太少，暂无结论"}
_MODES = {"open": "随到随办", "queue": "取号", "slots": "预约"}
_LEVELS = ("5", "4", "3", "2", "1")


class Progress:
    """Lines, and on a terminal one line that moves."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Write to `out`, or stdout."""
        self._out = out or sys.stdout
        self._terminal = self._out.isatty()
        self._moving = False

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self._write((_CLEAR_LINE if self._moving else "") + line + "\n")
        self._moving = False

    def live(self, line: str) -> None:
        """Write over the moving line; nothing where there is no terminal."""
        if self._terminal:
            self._write(f"{_CLEAR_LINE}… {line}")
            self._moving = True

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their head, the first column to the left and all others to the right."""
    widths = [max(width(row[index]) for row in (head, *rows)) for index in range(len(head))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_row(head, widths), rule, *(_row(row, widths) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell + _gap(cell, wide) if index == 0 else _gap(cell, wide) + cell
        for index, (cell, wide) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _gap(cell: str, wide: int) -> str:
    return " " * (wide - width(cell))


def evaluation_checklist(
    title: str, summary: Mapping[str, Any], evaluation: Evaluation, mode_of: Callable[[str], str]
) -> str:
    """评价清单, as a page for the terminal.

    Args:
        title: the market's.
        summary, evaluation: as the API answers them.
        mode_of: an offering's mode by its id.
    """
    state = _FROZEN if evaluation["state"] == "frozen" else _LIVE
    return "\n".join(
        [
            f"评价清单 · {title}（{state}）",
            "",
            _services(evaluation, mode_of),
            "",
            _items(evaluation),
            "",
            *_totals(summary, evaluation),
        ]
    )


def _services(evaluation: Evaluation, mode_of: Callable[[str], str]) -> str:
    head = ("服务项目", "方式", "服务", "评价", "评价率", "满意率", "95% 区间", "均分", *_LEVELS)
    rows = [
        (offering["title"], _MODES[mode_of(offering["offering_id"])], *_figures(offering))
        for offering in evaluation["offerings"]
    ]
    return table(head, [*rows, ("合计（含整场评价）", "", *_figures(evaluation))])


def _figures(part: Mapping[str, Any]) -> list[str]:
    return [
        f"{part['served']:,}",
        f"{part['rated']:,}",
        _percent(part["response_rate"]),
        *_share(part["satisfied_share"]),
        f"{part['score']['mean']:.2f}" if part["score"] else "–",
        *(f"{part['distribution'][level]:,}" for level in _LEVELS),
    ]


def _items(evaluation: Evaluation) -> str:
    head = ("评价项", "评价", "满意率", "95% 区间", "均分", "目标", "结果")
    met = {True: "达标", False: "未达标", None: "评价太少"}
    rows = [
        (
            item["title"],
            f"{item['n']:,}",
            *_share(item["satisfied_share"]),
            f"{item['mean']:.2f}" if item["mean"] is not None else "–",
            _percent(item["target_share"]),
            met[item["met"]],
        )
        for item in evaluation["items"]
    ]
    return table(head, rows)


def _totals(summary: Mapping[str, Any], evaluation: Evaluation) -> list[str]:
    rectifications = evaluation["rectifications"]
    return [
        f"签到 {summary['visits']:,} 人次，{summary['people']:,} 人；"
        f"服务 {evaluation['served']:,} 人次；现场还有 {summary['inside_now']:,} 人未签退",
        f"差评 {evaluation['bad_ratings']} 条，整改 {rectifications['total']} 件"
        f"(未办结 {rectifications['open']}，超期 {rectifications['overdue']})",
        f"结论：{_VERDICTS[evaluation['verdict']]}",
    ]


def _share(share: Mapping[str, float] | None) -> tuple[str, str]:
    if share is None:
        return "–", "–"
    return _percent(share["value"]), f"{100 * share['low']:.1f}–{100 * share['high']:.1f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"
