"""What the doctor looks at of the files of clients: whether each fact has its bytes."""

from itertools import islice

from app.doctor.patient import FailedError, Patient, SkippedError
from app.files.place import files_folder
from app.files.standing import beside, kept, lacking

NAMED = 5
"""So many files without their bytes are named."""


def files(patient: Patient) -> str:
    """Every file that a fact names is there, in its full size."""
    patient.require_log()
    folder = files_folder(patient.settings)
    with patient.session() as connection:
        there = kept(connection)
        if there is None:
            raise SkippedError("it is not known yet which there are: the view client_files is being built")
        first = [*islice(lacking(connection, folder, is_thorough=False), NAMED + 1)]
    if first:
        named = ", ".join(f"{one.file_id} of client {one.client_id}" for one in first[:NAMED])
        more = " and more" if len(first) > NAMED else ""
        raise FailedError(f"{folder.root} has no whole bytes of {named}{more}")
    around = beside(folder)
    swept = ", ".join(f"{number} {why}" for why, number in around.swept.items())
    return f"{there.files:,} files, {there.size_bytes / 2**20:.1f} MB; not settled: {around.unsettled}; swept: {swept}"
