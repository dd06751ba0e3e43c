"""Charts in Word documents: python-docx has none, so the parts are written here (ECMA-376, part 1,
21.2 DrawingML Charts). Word and WPS draw them, and let one edit their figures, which ride along
as a small workbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Cm
from docx.text.paragraph import Paragraph

from backend.core.spreadsheets.writing import MIMETYPE, Column, Sheet, write_workbook

_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "数据"


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars with their figures: lying ones where names are long."""

    title: str
    names: Sequence[str]
    values: Sequence[int]
    unit: str
    lying: bool
    colour: str = "1F6F78"
    width_cm: float = 8.2
    height_cm: float = 5.4


def add_chart(paragraph: Paragraph, chart: BarChart) -> None:
    """Put a chart into a paragraph."""
    document = paragraph.part
    package: Any = document.package
    workbook = Part(
        _free_name(package, "/word/embeddings/Workbook%d.xlsx"), MIMETYPE, _workbook(chart), package
    )
    drawn = Part(_free_name(package, "/word/charts/chart%d.xml"), _CHART_TYPE, b"", package)
    data_id = drawn.relate_to(workbook, RELATIONSHIP_TYPE.PACKAGE)
    drawn._blob = _chart_xml(chart, data_id).encode()
    chart_id = document.relate_to(drawn, RELATIONSHIP_TYPE.CHART)
    number = len(document.rels)
    paragraph.add_run()._r.append(parse_xml(_inline_xml(chart, chart_id, number)))


def _free_name(package: Any, template: str) -> PackURI:
    name: PackURI = package.next_partname(template)
    return name


def _workbook(chart: BarChart) -> bytes:
    rows = list(zip(chart.names, chart.values, strict=True))
    columns = (Column("项目", 24), Column(chart.unit, 10, "number"))
    return write_workbook([Sheet(_SHEET, columns, rows)])


def _inline_xml(chart: BarChart, chart_id: str, number: int) -> str:
    words = f"{chart.title}：" + "，".join(
        f"{name} {value} {chart.unit}"
        for name, value in zip(chart.names, chart.values, strict=True)
    )
    return (
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        f' xmlns:wp="{_DRAWING}/wordprocessingDrawing" xmlns:a="{_DRAWING}/main">'
        '<wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{Cm(chart.width_cm)}" cy="{Cm(chart.height_cm)}"/>'
        f'<wp:docPr id="{number}" name={quoteattr(chart.title)} descr={quoteattr(words)}/>'
        f'<wp:cNvGraphicFramePr/><a:graphic><a:graphicData uri="{_DRAWING}/chart">'
        f'<c:chart xmlns:c="{_DRAWING}/chart" xmlns:r="{_RELATIONSHIPS}" r:id="{chart_id}"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )


def _chart_xml(chart: BarChart, data_id: str) -> str:
    direction, name_axis, value_axis = ("bar", "l", "b") if chart.lying else ("col", "b", "l")
    # Lying bars are drawn from below; the first one belongs on top.
    order = "maxMin" if chart.lying else "minMax"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<c:chartSpace xmlns:c="{_DRAWING}/chart" xmlns:a="{_DRAWING}/main"'
        f' xmlns:r="{_RELATIONSHIPS}"><c:roundedCorners val="0"/><c:chart><c:title><c:tx><c:rich>'
        f"<a:bodyPr/><a:p><a:pPr><a:defRPr/></a:pPr><a:r>{_font('rPr', 1050, bold=True)}"
        f"<a:t>{escape(chart.title)}</a:t></a:r></a:p></c:rich></c:tx>"
        '<c:overlay val="0"/></c:title><c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>'
        f'<c:barChart><c:barDir val="{direction}"/><c:grouping val="clustered"/>'
        '<c:varyColors val="0"/><c:ser><c:idx val="0"/><c:order val="0"/>'
        f"<c:tx><c:strRef><c:f>{_SHEET}!$B$1</c:f>{_cached('str', [chart.unit])}</c:strRef></c:tx>"
        f'<c:spPr><a:solidFill><a:srgbClr val="{chart.colour}"/></a:solidFill></c:spPr>'
        '<c:invertIfNegative val="0"/><c:dLbls>' + _text_look(900) +
        '<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/>'
        '<c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/></c:dLbls>'
        f"<c:cat><c:strRef><c:f>{_SHEET}!{_cells('A', chart)}</c:f>"
        f"{_cached('str', chart.names)}</c:strRef></c:cat>"
        f"<c:val><c:numRef><c:f>{_SHEET}!{_cells('B', chart)}</c:f>"
        f"{_cached('num', chart.values)}</c:numRef></c:val></c:ser>"
        '<c:gapWidth val="50"/><c:axId val="1"/><c:axId val="2"/></c:barChart>'
        f'<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="{order}"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{name_axis}"/><c:majorTickMark val="none"/>'
        '<c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>' + _text_look(900) +
        '<c:crossAx val="2"/></c:catAx>'
        '<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/>'
        f'</c:scaling><c:delete val="1"/><c:axPos val="{value_axis}"/><c:crossAx val="1"/>'
        "</c:valAx></c:plotArea>"
        '<c:plotVisOnly val="1"/></c:chart>'
        '<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>'
        f'<c:externalData r:id="{data_id}"><c:autoUpdate val="0"/></c:externalData>'
        "</c:chartSpace>"
    )  # fmt: skip


def _cells(column: str, chart: BarChart) -> str:
    return f"${column}$2:${column}${len(chart.names) + 1}"


def _cached(kind: str, values: Sequence[Any]) -> str:
    """The values as they are drawn before anybody opens the workbook."""
    points = "".join(
        f'<c:pt idx="{index}"><c:v>{escape(str(value))}</c:v></c:pt>'
        for index, value in enumerate(values)
    )
    code = "<c:formatCode>General</c:formatCode>" if kind == "num" else ""
    return f'<c:{kind}Cache>{code}<c:ptCount val="{len(values)}"/>{points}</c:{kind}Cache>'


def _font(tag: str, size: int, *, bold: bool = False) -> str:
    return (
        f'<a:{tag} sz="{size}" b="{int(bold)}"><a:solidFill><a:srgbClr val="1F2328"/>'
        f'</a:solidFill><a:latin typeface="宋体"/><a:ea typeface="宋体"/></a:{tag}>'
    )


def _text_look(size: int) -> str:
    return (
        f"<c:txPr><a:bodyPr/><a:p><a:pPr>{_font('defRPr', size)}</a:pPr>"
        '<a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
    )
