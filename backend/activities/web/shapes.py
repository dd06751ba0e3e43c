"""What answers of features above are made of, too."""

import marshmallow as ma
from marshmallow import fields as out


class EstimateAnswer(ma.Schema):
    low = out.Integer(metadata={"example": 10})
    high = out.Integer(metadata={"example": 15})
