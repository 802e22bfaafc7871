"""What lets people in where nobody is on record: only who is a program by their token."""

from app.auth.errors import LoginUnknownError
from app.auth.people import Bearer, People, Told


async def _nobody(_: Bearer) -> Told:
    return LoginUnknownError


STRANGERS = People(_nobody)
