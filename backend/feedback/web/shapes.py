"""What answers of features above are made of, too."""

import marshmallow as ma
from marshmallow import fields as out

SHARE = {"minimum": 0, "maximum": 1}


class ShareAnswer(ma.Schema):
    """A share with its Wilson interval at 95 %."""

    value = out.Float(metadata=SHARE | {"example": 0.95})
    low = out.Float(metadata=SHARE | {"example": 0.835})
    high = out.Float(metadata=SHARE | {"example": 0.986})


class MeanAnswer(ma.Schema):
    """A mean score with Student's t interval at 95 %; none for a single answer."""

    mean = out.Float(metadata={"example": 4.6})
    low = out.Float(allow_none=True, metadata={"example": 4.4})
    high = out.Float(allow_none=True, metadata={"example": 4.8})
