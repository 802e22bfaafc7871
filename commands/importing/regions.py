"""In which country a phone is, however a file calls it: RU, Россия, Russia, or by its calling code, +7."""

from collections.abc import Mapping
from functools import cache, lru_cache

from commands.importing.header import heading_key

_SHORT = {"uk": "GB", "england": "GB", "usa": "US", "uae": "AE", "рф": "RU", "сша": "US", "оаэ": "AE", "англия": "GB"}
"""What people say for short, and no list of names has."""


@lru_cache(maxsize=1_000)
def region_of(typed: str) -> str | None:
    """Return the ISO 3166 code of a country; None: no country is called so."""
    import phonenumbers

    key = heading_key(typed)
    digits = key.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) <= 3:
        region: str = phonenumbers.region_code_for_country_code(int(digits))
        return None if region in {"ZZ", "001"} else region
    if key.upper() in phonenumbers.SUPPORTED_REGIONS:
        return key.upper()
    return _names().get(key)


@cache
def _names() -> Mapping[str, str]:
    """Return the codes of countries by their names in English and Russian, as CLDR has them."""
    from babel import Locale

    names: dict[str, str] = {}
    for language in ("en", "ru"):
        territories = Locale(language).territories
        names |= {heading_key(name): code for code, name in territories.items() if len(code) == 2}
    return names | _SHORT
