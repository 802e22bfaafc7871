"""The catalogue of reports: what each is called, what may be asked of it, what its columns mean.

The question itself is the .sql of the same name beside this file, and its first comment is the report's definition.
"""

from collections.abc import Mapping
from pathlib import Path

from infra.analytics.fact_schema import Parameter, Report, ReportColumn

HERE = Path(__file__).parent


def _select(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# In the order in which they build on each other.
DERIVED: Mapping[str, str] = {
    name: _select(HERE.parent / "derived" / f"{name}.sql") for name in ("deal_now", "ended_deal", "touchpoint")
}

FROM = Parameter(
    "from", "DATE", {"en": "First day, in the company's time zone", "ru": "Первый день, по времени компании"}
)
TO = Parameter("to", "DATE", {"en": "Last day, inclusive", "ru": "Последний день, включительно"})
SELLER = Parameter("seller_id", "UUID", {"en": "Only this staff member", "ru": "Только этот сотрудник"})
PIPELINE = Parameter("pipeline_id", "UUID", {"en": "Only this pipeline", "ru": "Только эта воронка"})
BY_PRODUCT = Parameter(
    "by_product", "BOOLEAN", {"en": "One row per product", "ru": "Отдельная строка на каждый товар"}, default="false"
)

TITLES: Mapping[str, tuple[str, str]] = {
    "amount": ("Amount", "Сумма"),
    "amount_won": ("Amount won, per currency", "Сумма выигранных, по валютам"),
    "average_days": ("Average, days", "В среднем, дней"),
    "contacts": ("Contacts held", "Проведено контактов"),
    "currency": ("Currency", "Валюта"),
    "deal_id": ("Deal", "Сделка"),
    "deals": ("Deals", "Сделок"),
    "deals_lost": ("Deals lost", "Проиграно сделок"),
    "deals_opened": ("Deals opened", "Открыто сделок"),
    "deals_won": ("Deals won", "Выиграно сделок"),
    "duration_seconds": ("Duration, seconds", "Длительность, секунд"),
    "entered_at": ("Entered at", "Начало этапа"),
    "left_at": ("Left at", "Конец этапа"),
    "left_by": ("Left by", "Чем закончился этап"),
    "median_days": ("Median, days", "Медиана, дней"),
    "meetings": ("Meetings held", "Проведено встреч"),
    "month": ("Month", "Месяц"),
    "offers": ("Offers made", "Сделано предложений"),
    "outcome": ("Outcome", "Исход"),
    "p90_days": ("Nine in ten within, days", "Девять из десяти — не дольше, дней"),
    "pipeline_id": ("Pipeline", "Воронка"),
    "product_code": ("Product", "Товар"),
    "reason": ("Reason", "Причина"),
    "seller_id": ("Seller", "Продавец"),
    "staff_id": ("Staff member", "Сотрудник"),
    "stage": ("Stage", "Этап"),
    "status": ("Status", "Состояние"),
    "visit": ("Visit", "Номер захода"),
    "win_rate": ("Win rate, %", "Доля выигранных, %"),
}


def _report(
    name: str, english: str, russian: str, columns: str, order: str, parameters: tuple[Parameter, ...]
) -> Report:
    return Report(
        name=name,
        title={"en": english, "ru": russian},
        sql=_select(HERE / f"{name}.sql"),
        columns=tuple(
            ReportColumn(column, dict(zip(("en", "ru"), TITLES[column], strict=True))) for column in columns.split()
        ),
        order=tuple(order.split()),
        parameters=parameters,
    )


REPORTS = (
    _report(
        "stage_history",
        "Stage history: every visit of every deal to a stage",
        "История этапов: каждый заход каждой сделки на этап",
        "deal_id visit pipeline_id stage seller_id entered_at left_at left_by duration_seconds",
        "deal_id visit",
        (FROM, TO, SELLER, PIPELINE),
    ),
    _report(
        "sales_cycle",
        "Sales cycle: days from opening to ending",
        "Цикл продажи: дней от открытия до завершения",
        "month pipeline_id seller_id outcome deals average_days median_days p90_days",
        "month pipeline_id seller_id outcome",
        (FROM, TO, SELLER, PIPELINE),
    ),
    _report(
        "churn_reasons",
        "Churn reasons: why deals were lost",
        "Причины потерь: почему сделки проиграны",
        "month reason currency deals amount",
        "month reason currency",
        (FROM, TO, SELLER, PIPELINE),
    ),
    _report(
        "staff_scorecard",
        "Staff scorecard: contacts, deals and sums per month",
        "Показатели сотрудников: контакты, сделки и суммы по месяцам",
        "month staff_id contacts meetings offers deals_opened deals_won deals_lost win_rate amount_won",
        "month staff_id",
        (FROM, TO, SELLER),
    ),
    _report(
        "monthly_sales",
        "Monthly sales: deals won and their sums",
        "Продажи по месяцам: выигранные сделки и суммы",
        "month currency product_code deals amount",
        "month currency product_code",
        (FROM, TO, SELLER, PIPELINE, BY_PRODUCT),
    ),
    _report(
        "pipeline_totals",
        "Pipeline totals: where all deals stand",
        "Итоги воронки: в каком состоянии все сделки",
        "pipeline_id status stage currency deals amount",
        "pipeline_id status stage currency",
        (SELLER, PIPELINE),
    ),
)
