"""简报 as a Word document. python-docx and lxml take 8 MB of a process: this is loaded when one is
made (content.py)."""

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from backend.core import clock
from backend.core.config import RATING, load
from backend.core.dates import dated
from backend.reports import words
from backend.reports.brief.charts import BarChart, add_chart
from backend.reports.brief.content import Brief
from backend.reports.making import Order

_BRAND = RGBColor(0xC7, 0x36, 0x2E)
_INK, _GREY = RGBColor(0x1F, 0x23, 0x28), RGBColor(0x4B, 0x55, 0x63)
_SONG, _HEI = "宋体", "黑体"
_TAGS_SHOWN = 6
# More services than this do not fit into the chart; the last bar is all others.
_SERVICES_SHOWN = 8


def write_document(brief: Brief, order: Order) -> bytes:
    """The brief as a document, of one page."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(1.6)
    section.left_margin = section.right_margin = Cm(2)
    document.core_properties.title = order.title
    document.core_properties.author = "吾社集"
    document.core_properties.language = "zh-CN"
    _font(document.styles["Normal"], _SONG, 11)
    _head(document, brief)
    _paragraph(document, _what_happened(brief), indent=True)
    _figures(document, brief)
    _charts(document, brief)
    for title, text in _sections(brief):
        _heading(document, title)
        _paragraph(document, text, indent=True)
    _foot(document, order)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _head(document: Any, brief: Brief) -> None:
    banner = document.add_paragraph()
    banner.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(banner, brief.banner, _HEI, 22, bold=True, colour=_BRAND)
    line = document.add_paragraph()
    local = brief.starts_at.astimezone(clock.SHANGHAI)
    _run(line, f"{brief.market.region_name}\t{local.year}年{local.month}月{local.day}日", _SONG, 11)
    line.paragraph_format.tab_stops.add_tab_stop(Cm(17), alignment=2)
    line._p.get_or_add_pPr().append(
        parse_xml(
            f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="12" w:space="4"'
            ' w:color="C7362E"/></w:pBdr>'
        )
    )
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(title, brief.market.title, _HEI, 16, bold=True)
    for paragraph, after in ((banner, 2), (line, 6), (title, 4)):
        paragraph.paragraph_format.space_after = Pt(after)


def _what_happened(brief: Brief) -> str:
    market = brief.market
    start = brief.starts_at.astimezone(clock.SHANGHAI)
    end = brief.ends_at.astimezone(clock.SHANGHAI)
    until = (
        f"{end:%H:%M}" if start.date() == end.date() else f"{end.month}月{end.day}日 {end:%H:%M}"
    )
    organised = f"，由{market.organiser}主办" if market.organiser else ""
    return (
        f"{start.month}月{start.day}日 {start:%H:%M}–{until}，{market.title}在{brief.venue}举行"
        f"{organised}。现场设摊位 {market.stalls} 个、服务 {brief.offerings} 项，"
        f"服务 {market.visits:,} 人次、{market.people:,} 人，"
        f"办结各项服务 {market.content['served']:,} 次。"
    )


def _figures(document: Any, brief: Brief) -> None:
    """The main figures in two rows of cells: what it is, how many."""
    market = brief.market
    share, rated = market.content["satisfied_share"], market.content["rated"]
    satisfied = "暂无评价"
    if share:
        few = f"，{words.FEW}" if rated < RATING.publish_from else ""
        satisfied = (
            f"{words.percent(share['value'])}\n95% 区间 {words.percent(share['low'])}–"
            f"{words.percent(share['high'])}\n{rated} 份评价{few}"
        )
    minutes = market.volunteer_minutes
    cells = [
        ("服务人次", f"{market.visits:,}"),
        ("服务人数", f"{market.people:,}"),
        ("服务次数", f"{market.content['served']:,}"),
        ("志愿者", "未填写" if market.volunteers is None else f"{market.volunteers:,}"),
        ("志愿时长", "未填写" if minutes is None else f"{minutes / 60:,.1f} 小时"),
        ("满意率", satisfied),
    ]
    table = document.add_table(rows=2, cols=len(cells), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    widths = (2.5, 2.5, 2.5, 2.3, 2.7, 4.5)
    for index, ((title, value), width) in enumerate(zip(cells, widths, strict=True)):
        for row, text in enumerate((title, value)):
            cell = table.cell(row, index)
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            first, *more = text.split("\n")
            if row == 0:
                _run(paragraph, first, _HEI, 10)
                cell._tc.get_or_add_tcPr().append(
                    parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="FBEAE8"/>')
                )
            else:
                _run(paragraph, first, _SONG, 14, bold=True)
                for line in more:
                    _run(paragraph, f"\n{line}", _SONG, 8.5, colour=_GREY)
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _charts(document: Any, brief: Brief) -> None:
    charts = []
    if brief.market.content["served"]:
        services = list(brief.services[:_SERVICES_SHOWN])
        rest = sum(n for _, n in brief.services[_SERVICES_SHOWN:])
        if rest:
            services.append(("其他", rest))
        charts.append(_bars("各项服务办结次数", services, "次", lying=True))
    distribution = brief.market.content["distribution"]
    if brief.market.content["rated"]:
        levels: dict[str, str] = load("evaluation")["levels"]
        rows = [(levels[level], distribution[level]) for level in sorted(levels, reverse=True)]
        title = f"居民评价（{brief.market.content['rated']} 份）"
        charts.append(_bars(title, rows, "份", lying=False))
    if not charts:
        return
    table = document.add_table(rows=1, cols=len(charts))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for cell, chart in zip(table.rows[0].cells, charts, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        add_chart(paragraph, chart)


def _bars(title: str, rows: Sequence[tuple[str, int]], unit: str, *, lying: bool) -> BarChart:
    names, values = [name for name, _ in rows], [n for _, n in rows]
    return BarChart(title, names, values, unit, lying=lying)


def _sections(brief: Brief) -> list[tuple[str, str]]:
    market = brief.market
    few = market.content["rated"] < RATING.publish_from
    said = "、".join(f"{title}（{n} 次）" for title, n in brief.tags[:_TAGS_SHOWN])
    hint = f"（评价不足 {RATING.publish_from} 份，仅供参考）" if few else ""
    problems = market.problems or "组织者没有填写问题。"
    funds = f"本场经费 {brief.funds:,.2f} 元。" if brief.funds is not None else ""
    found = [
        ("居民反映", f"居民说得最多的：{said}。{hint}" if said else "居民还没有选择评价标签。"),
        ("问题与整改", f"{problems.rstrip('。')}。{market.rectified}。"),
    ]
    if market.organisations:
        found.append(("参与单位", "、".join(market.organisations) + f"。{funds}"))
    elif funds:
        found.append(("经费", funds))
    return found


def _heading(document: Any, title: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(6)
    paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.keep_with_next = True
    _run(paragraph, title, _HEI, 12, bold=True, colour=_BRAND)


def _paragraph(document: Any, text: str, *, indent: bool = False) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.line_spacing = 1.25
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(22)
    _run(paragraph, text, _SONG, 11)


def _foot(document: Any, order: Order) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(6)
    text = (
        f"{words.WHAT_IS_COUNTED}{words.WHAT_IS_SATISFIED}{words.WRITTEN_DOWN}"
        f"统计于 {dated(order.at)}。"
    )
    _run(paragraph, text, _SONG, 8.5, colour=_GREY)


def _run(
    paragraph: Paragraph,
    text: str,
    face: str,
    size: float,
    *,
    bold: bool = False,
    colour: RGBColor = _INK,
) -> Run:
    run = paragraph.add_run(text)
    run.bold = bold
    run.font.color.rgb = colour
    _font(run, face, size)
    return run


def _font(owner: Any, face: str, size: float) -> None:
    """A Chinese face for Chinese and other letters alike."""
    owner.font.name = face
    owner.font.size = Pt(size)
    fonts = owner.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), face)
