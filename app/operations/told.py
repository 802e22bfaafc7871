"""A job that was just put on record, as it is told over HTTP."""

import dataclasses

from app.words.messages import words_for
from read_api.operations import Job, job_told
from replay.repair.jobs import Job as Recorded


def told(job: Recorded, language: str) -> Job:
    """Return a job as GET tells it, in the words of a language."""
    row = {**dataclasses.asdict(job), "id": job.job_id, "is_heard": True}
    for own in ("job_id", "lane", "attempts"):
        del row[own]
    return job_told(row, lambda code, facts: words_for(code, language, facts))
