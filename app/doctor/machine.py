"""What the doctor looks at on this machine: Python, the disk, the var folder, the token key, the port."""

import os
import platform
import shutil
import socket
import stat
import sys
from pathlib import Path

from app.auth.keys import KEY_FILE, takes_development_key
from app.auth.provider import Provider, ProviderError
from app.auth.tokens import token_keys
from app.doctor.patient import FailedError, Patient, SkippedError
from app.serving.analytics_control import is_letopis, noted_address
from app.settings import Settings, misnamed
from infra.told import ToldError

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 2**30
"""PostgreSQL's write-ahead log alone may take this much between two checkpoints."""

SECRETS = ("master.key", KEY_FILE, "postgres/owner.password")


def python(_: Patient) -> str:
    """Python is new enough."""
    if sys.version_info < OLDEST_PYTHON:
        raise FailedError(platform.python_version())
    return platform.python_version()


def disk(patient: Patient) -> str:
    """The disk of the var folder has room."""
    free = free_bytes(patient.settings.var)
    if free < LEAST_FREE_BYTES:
        raise FailedError(f"{free / 2**30:.1f} GiB")
    return f"{free / 2**30:.1f} GiB"


def free_bytes(folder: Path) -> int:
    """Return the room left on the disk where a folder is, or would be made."""
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def folder(patient: Patient) -> str:
    """Only our user can write to the var folder and read its secrets."""
    var = patient.settings.var
    if not var.exists():
        raise SkippedError(f"{var} is made by the first start")
    if not var.is_dir() or not os.access(var, os.R_OK | os.W_OK | os.X_OK):
        raise FailedError(f"{var} is no folder that this user can write")
    if var.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise FailedError(f"{var} can be written by others: mode {stat.S_IMODE(var.stat().st_mode):o}")
    open_to_others = [name for name in SECRETS if _is_open(var / name)]
    if open_to_others:
        raise FailedError(f"can be read by others: {', '.join(open_to_others)}")
    return str(var)


def _is_open(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def settings(_: Patient) -> str:
    """Every variable LETOPIS_… is one that is read."""
    if found := misnamed():
        raise FailedError(" ".join(found))
    return f"{len(Settings.model_fields)}"


def token_key(patient: Patient) -> str:
    """Tokens can be checked with the keys that are configured, or with our own where that may be."""
    settings = patient.settings
    if settings.oidc_issuer is not None:
        return _provider_keys(settings.oidc_issuer)
    try:
        is_own = takes_development_key(settings)
        if is_own and not (settings.var / KEY_FILE).exists():
            raise SkippedError(f"{settings.var / KEY_FILE} is made by the first start")
        token_keys(settings)
    except ToldError as error:
        raise FailedError(str(error)) from error
    return f"{KEY_FILE}: development tokens are let in" if is_own else "configured"


def _provider_keys(issuer: str) -> str:
    try:
        keys = Provider(issuer).keys()
    except ProviderError as error:
        raise FailedError(str(error)) from error
    return f"{issuer}: {', '.join(sorted({key.algorithm for key in keys}))}"


def port(patient: Patient) -> str:
    """Nothing listens at our port, or it is Letopis that does; where no port is named, the one its service has."""
    running = noted_address(patient.settings.var)
    if "port" not in patient.settings.model_fields_set and running is not None and is_letopis(running):
        return f"{running.partition('://')[2]}, Letopis"
    host, number = patient.settings.host, patient.settings.port
    if is_letopis(f"http://{f'[{host}]' if ':' in host else host}:{number}"):
        return f"{host}:{number}, Letopis"
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ours.bind((host, number))
        except OSError as error:
            raise FailedError(f"{host}:{number}: {error.strerror}") from error
    return f"{host}:{number}, free"
