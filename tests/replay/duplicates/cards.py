"""Cards of clients of whom some may be one."""

from tests.read_api.office import client


def told(value: str) -> dict[str, str]:
    return {"value": value, "source": "x", "confidence": "stated"}


CARDS = (
    client(41, "ООО «Ромашка»", identity_keys=["phone:+79161234567"]),
    client(42, "Ромашка OOO", identity_keys=["phone:+79037654321"]),
    client(43, "Грибоедов Александр Сергеевич", kind="person", profile={"birthday": told("15.01.1975")}),
    client(44, "Грибоедов А. С.", kind="person", profile={"birthday": told("1975-01-15")}),
    client(45, "Тютчев Фёдор Иванович", kind="person", profile={"birthday": told("1903-12-05")}),
    client(46, "Тютчев Фёдор Иванович", kind="person", profile={"birthday": told("1965-03-01")}),
    client(47, "ЗАО Промхимзащита", identity_keys=["tax_id:7707083893"], told={"kpp": told("770701001")}),
    client(48, "Промхимзащита", identity_keys=["tax_id:7707083839"]),
    client(49, "Круглова Вера", kind="person", identity_keys=["phone:+79990001122"]),
    client(50, "Семёнов Глеб", kind="person", identity_keys=["phone:+79990001122;ext=2", "line:+79990001122"]),
    client(51, "Ромашка", archived_at="2026-01-01T00:00:00Z", identity_keys=["phone:+79161234567"]),
    *(client(60 + n, f"Торговый дом номер {n}", identity_keys=[f"phone:+7495{n:07}"]) for n in range(40)),
)
