"""Every table that can be asked says what one row is, and what each column means."""

from infra.analytics.described import tables_of
from projections.analytics import ANALYTICS


def test_every_table_and_every_column_says_what_it_means() -> None:
    told = tables_of(ANALYTICS)
    assert {one.name for one in told} == {table.name for table in ANALYTICS.tables} | set(ANALYTICS.derived)
    for one in told:
        words = [one.row, *(column.title for column in one.columns)]
        assert all(set(each) == {"en", "ru"} and each["en"] != each["ru"] and each["en"] for each in words), one.name
    described = {column.name for one in told for column in one.columns}
    of_reports = {column.name for report in ANALYTICS.reports for column in report.columns}
    assert set(ANALYTICS.words["column"]) <= described | of_reports, "what is described is there"
    assert set(ANALYTICS.words["table"]) == {one.name for one in told}
