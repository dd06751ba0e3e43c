"""What the API of needs takes and answers."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as out

from backend.core.config import load
from backend.core.pagination import Asked
from backend.core.web import fields
from backend.core.web.fields import Schema
from backend.core.web.lists import PageQuery
from backend.needs.models import ForWhom, NeedSource, NeedState, Suits, Verdict, VoiceRole
from backend.needs.reasons import DECLINED, UNSOLVED, reasons_for
from backend.needs.requests import (
    Accepted,
    Ended,
    Judged,
    NeedsAsked,
    PublicWords,
    Raised,
    SimilarAsked,
)
from backend.needs.similar.meaning import Wording
from backend.needs.web.shapes import OutcomeAnswer

TITLE_LENGTH = 60
DETAILS_LENGTH = 500
REASON_LENGTH = 200


class NeedRequest(Schema):
    region_id = fields.Id(required=True)
    title = fields.ImpersonalText(TITLE_LENGTH, required=True)
    details = fields.ImpersonalParagraphs(DETAILS_LENGTH, allow_none=True)
    service_kind = fields.Key(load("service_kinds"), allow_none=True)
    for_whom = fields.Choice(ForWhom, allow_none=True)
    suits = fields.Items(fields.Choice(Suits), len(Suits))
    resident_id = fields.Id(metadata={"description": "a family member; of staff: anybody"})
    source = fields.Choice(NeedSource, metadata={"description": "by staff, for others"})

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Raised:
        suits = tuple(dict.fromkeys(data.pop("suits", ())))
        return Raised(**data, suits=suits)


class NeedsQuery(PageQuery):
    region_id = fields.Id(metadata={"description": "with all below it"})
    state = fields.Choice(NeedState)
    service_kind = fields.Key(load("service_kinds"))
    reason_code = fields.Key(load("need_reasons"))
    q = fields.Text(TITLE_LENGTH, attribute="words")
    late = fields.FlagInQuery(metadata={"description": "not decided in time"})

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> tuple[NeedsAsked, Asked]:
        page = {name: data.pop(name) for name in ("cursor", "limit") if name in data}
        return NeedsAsked(**data), Asked(**page)


class SimilarQuery(Schema):
    """Of a need that is about to be raised."""

    region_id = fields.Id(required=True)
    title = fields.Text(TITLE_LENGTH, required=True)
    details = fields.Paragraphs(DETAILS_LENGTH)
    service_kind = fields.Key(load("service_kinds"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> SimilarAsked:
        return SimilarAsked(data.pop("region_id"), Wording(**data))


class SupportRequest(Schema):
    resident_id = fields.Id(metadata={"description": "a family member; of staff: anybody"})


class OwnVoiceRequest(Schema):
    resident_id = fields.Id(metadata={"description": "a family member; else mine"})


class VerdictRequest(OwnVoiceRequest):
    verdict = fields.Choice(Verdict, required=True)
    reason = fields.ImpersonalParagraphs(REASON_LENGTH, allow_none=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Judged:
        return Judged(**data)


class ReopenRequest(Schema):
    reason = fields.ImpersonalParagraphs(
        REASON_LENGTH, load_default=None, metadata={"description": "staff must say one"}
    )


class WhyQuery(Schema):
    why = fields.ImpersonalText(REASON_LENGTH, required=True)


class WhyRequest(Schema):
    reason = fields.ImpersonalText(REASON_LENGTH, required=True)


class SeenVoiceAnswer(ma.Schema):
    id = out.UUID()
    role = out.Enum(VoiceRole, by_value=True)
    name = out.String(metadata={"description": "masked"})
    phone = out.String(allow_none=True, metadata={"description": "masked"})
    created_at = out.AwareDateTime()


class SeenVoicesAnswer(ma.Schema):
    items = out.List(out.Nested(SeenVoiceAnswer))


class VoiceNumberAnswer(ma.Schema):
    phone = out.String()
    phone_state = out.String()


class MergeRequest(Schema):
    into_id = fields.Id(required=True)


class PlanRequest(Schema):
    offering_id = fields.Id(required=True)


class ReasonForm(Schema):
    reason = fields.ImpersonalParagraphs(REASON_LENGTH, required=True)


class PublicWordsForm(Schema):
    title = fields.ImpersonalText(TITLE_LENGTH, required=True)
    details = fields.ImpersonalParagraphs(DETAILS_LENGTH, allow_none=True)
    service_kind = fields.Key(load("service_kinds"), allow_none=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> PublicWords:
        return PublicWords(**data)


class NeedAcceptRequest(Schema):
    words = fields.Part(
        PublicWordsForm,
        metadata={"description": "what everybody reads of it; absent: as it was written"},
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Accepted:
        return Accepted(**data)


class NeedDeclineRequest(Schema):
    reason_code = fields.Key(reasons_for(DECLINED), required=True)
    reason = fields.ImpersonalParagraphs(REASON_LENGTH, required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: object) -> Ended:
        return Ended(**data)


class NeedUnsolvedRequest(NeedDeclineRequest):
    reason_code = fields.Key(reasons_for(UNSOLVED), required=True)


class NeedPlaceAnswer(ma.Schema):
    id = out.UUID()
    name = out.String()


class NeedAnswer(ma.Schema):
    id = out.UUID()
    region = out.Nested(NeedPlaceAnswer)
    title = out.String()
    details = out.String(allow_none=True)
    service_kind = out.String(allow_none=True)
    for_whom = out.Enum(ForWhom, by_value=True, allow_none=True)
    suits = out.List(out.String())
    source = out.Enum(NeedSource, by_value=True)
    raised_on = out.Date()
    decide_by = out.Date(allow_none=True)
    late = out.Boolean()
    state = out.Enum(NeedState, by_value=True)
    reason_code = out.String(allow_none=True)
    reason = out.String(allow_none=True)
    turn_to = out.String(allow_none=True)
    round = out.Integer()
    served_at = out.AwareDateTime(allow_none=True)
    ended_at = out.AwareDateTime(allow_none=True)
    merged_into = out.UUID(
        allow_none=True, metadata={"description": "what it is dealt with as: its state is this"}
    )
    voices = out.Integer(metadata={"description": "distinct residents who ask for it"})


class SimilarAnswer(ma.Schema):
    items = out.List(out.Nested(NeedAnswer))


class NeedStepAnswer(ma.Schema):
    at = out.AwareDateTime()
    what = out.String()
    reason = out.String(allow_none=True)
    activity_id = out.UUID(
        allow_none=True, metadata={"description": "of what it is planned for, once announced"}
    )


class OwnVoiceAnswer(ma.Schema):
    role = out.Enum(VoiceRole, by_value=True)
    verdict = out.Enum(Verdict, by_value=True, allow_none=True)


class OwnVoiceInFullAnswer(OwnVoiceAnswer):
    resident_id = out.UUID()
    reason = out.String(allow_none=True)


class EarlierOutcomeAnswer(OutcomeAnswer):
    round = out.Integer()


class NeedInFullAnswer(NeedAnswer):
    timeline = out.List(out.Nested(NeedStepAnswer))
    photos = out.List(out.UUID())
    outcome = out.Nested(OutcomeAnswer, metadata={"description": "what those who asked say"})
    earlier = out.List(out.Nested(EarlierOutcomeAnswer), metadata={"description": "other rounds"})
    mine = out.Nested(OwnVoiceAnswer, allow_none=True)
    own_voices = out.List(out.Nested(OwnVoiceInFullAnswer),
                          metadata={"description": "mine first, and my family's"})  # fmt: skip
