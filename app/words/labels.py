"""What people call the words of the interface, for every screen: one address, both languages."""

from fastapi import APIRouter, Response
from pydantic import BaseModel
from pydantic_core import to_json

from app.words.messages import LABELS

_BODY = to_json({"lists": LABELS})


class Label(BaseModel):
    """What people call one word, in each language."""

    en: str
    ru: str


class Labels(BaseModel):
    """Every list of words by its name, and in it every word that stands in commands and answers."""

    lists: dict[str, dict[str, Label]]


def labels_router() -> APIRouter:
    """Return the route; there is nothing secret in it, so it wants no token."""
    router = APIRouter(tags=["operation"])

    @router.get(
        "/labels",
        operation_id="labels",
        summary="What people call the words of the interface, in English and Russian",
        response_model=Labels,
    )
    async def labels() -> Response:
        return Response(_BODY, media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})

    return router
