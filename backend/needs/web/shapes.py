"""What answers of needs, and those above, are made of."""

import marshmallow as ma
from marshmallow import fields as out


class OutcomeAnswer(ma.Schema):
    """How many of those who asked were asked whether it is solved, and what they say."""

    asked = out.Integer()
    answered = out.Integer()
    solved = out.Integer()
    partly = out.Integer()
    # `not` is a word of Python's.
    not_ = out.Integer(attribute="not", data_key="not")
