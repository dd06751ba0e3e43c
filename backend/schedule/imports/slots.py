"""What becomes of the slots of an activity that rows copy, where those are too long for them."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.activities import copies
from backend.activities.models import Activity, ScheduleImport
from backend.activities.stalls.slots import SlotsOverlap
from backend.activities.words import SLOT_CHOICES, SlotChoice, quoted
from backend.schedule.imports.plans import Fate, Model, PlannedRow, SlotQuestion, place_of
from backend.schedule.reading import columns
from backend.schedule.reading.rows import Note

# What may become of slots that don't fit.
FITTING = (SlotChoice.CUT, SlotChoice.ANEW)


def ask_slots(kept: ScheduleImport, rows: Sequence[PlannedRow]) -> list[SlotQuestion]:
    """Say what becomes of the slots that rows copy. Where they don't fit, and it is not said in the
    row, the answer for all rows of that activity counts; without one the row can't be taken."""
    asked: dict[Model, list[PlannedRow]] = defaultdict(list)
    for planned in rows:
        own = planned.row.values.get(columns.SLOTS)
        planned.slots = own or SlotChoice.MOVE
        if planned.model is None or _fits(planned):
            continue
        if own is None:
            planned.slots = _answer(kept, planned.model)
            planned.slots_asked = True
            asked[planned.model].append(planned)
        if planned.slots is SlotChoice.MOVE:
            _refuse(planned, planned.model)
    return [SlotQuestion(model, of_one[0].slots, of_one) for model, of_one in asked.items()]


def _fits(planned: PlannedRow) -> bool:
    """Whether the slots that are copied end with their new activity, as far as its times are
    known."""
    if not (planned.starts_at and planned.ends_at and planned.model):
        return True
    length = planned.model.last_slot_end
    return length is None or planned.starts_at + length <= planned.ends_at


def _answer(kept: ScheduleImport, model: Model) -> SlotChoice:
    words = kept.typed.get(str(model.id), {}).get(columns.SLOTS)
    return next((one for one in FITTING if SLOT_CHOICES[one] == words), SlotChoice.MOVE)


def _refuse(planned: PlannedRow, model: Model) -> None:
    assert planned.starts_at is not None
    assert model.last_slot_end is not None
    until = planned.starts_at + model.last_slot_end
    choices = [SLOT_CHOICES[choice] for choice in FITTING]
    planned.blame(columns.SLOTS, f"时段要到 {until:%H:%M}，放不下", choices)


def note_slots(session: Session, rows: Sequence[PlannedRow]) -> None:
    """Note the services that would have slots no more, where slots are not simply moved."""
    sources: dict[UUID, copies.Source | None] = {}
    for planned in rows:
        if planned.slots is SlotChoice.MOVE or planned.fate is not Fate.NEW or not planned.model:
            continue
        if planned.model.id not in sources:
            sources[planned.model.id] = _source_if_sound(session, planned.model.id)
        if source := sources[planned.model.id]:
            lost = copies.without_slots(source, copies.slots_of(source, place_of(planned)))
            services = "、".join(quoted(offering.title) for offering in lost)
            if lost:
                words = f"{services}一个时段也放不下，建好后要补上时段才能提交"
                planned.notes.append(Note(columns.SLOTS, words))


def _source_if_sound(session: Session, activity_id: UUID) -> copies.Source | None:
    """An activity to copy; one whose slots overlap is refused when it is, and not before."""
    try:
        return copies.read_source(session, session.get_one(Activity, activity_id))
    except SlotsOverlap:
        return None
