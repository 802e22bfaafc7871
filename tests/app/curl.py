"""The little of curl that the README's tour needs, for machines that have none."""

import argparse
import sys
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit


def main() -> None:
    """Make one request and print the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-G", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    parser.add_argument("--data-urlencode", action="append", default=[])
    parser.add_argument("url")
    given = parser.parse_args()
    parts = urlsplit(given.url)
    pairs = (pair.split("=", 1) for pair in given.data_urlencode)
    query = "&".join([parts.query, *(f"{name}={quote(value, safe='')}" for name, value in pairs)]).strip("&")
    headers = dict(line.split(": ", 1) for line in given.H)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    body = None if given.d is None else given.d.encode()
    connection.request("POST" if body else "GET", f"{parts.path}?{query}" if query else parts.path, body, headers)
    sys.stdout.write(connection.getresponse().read().decode())
    connection.close()


if __name__ == "__main__":
    main()
