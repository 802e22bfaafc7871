"""How what is personal looks in a stored body, and how the rest is read without it."""

ENCRYPTED_MEMBER = '"sealed":"'
"""How a encrypted part looks in a body: always the last member, base64 of nonce + AES-256-GCM ciphertext + tag."""

OPEN_PART = f"split_part(body::text, '{ENCRYPTED_MEMBER}', 1)"
"""SQL: a body up to its encrypted part, which is the longer half and need not be sent to those who do not open it."""

REST = '"":null}'
"""What makes JSON again of a body that was cut off before its encrypted part."""


def completed(open_part: str) -> str:
    """Return the JSON that begins like this; a body from which nothing was cut ends as JSON does."""
    return open_part if open_part[-1] == "}" else open_part + REST
