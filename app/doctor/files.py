"""What the doctor looks at of the files of clients: whether each fact has its bytes."""

from app.doctor.patient import FailedError, Patient
from app.files.standing import beside, checked
from infra.files.folder import FilesFolder

NAMED = 5
"""So many files without their bytes are named."""


def files(patient: Patient) -> str:
    """Every file that a fact names is there, in its full size."""
    patient.require_log()
    folder = FilesFolder(patient.settings.files_folder)
    with patient.session() as connection:
        found = checked(connection, folder, is_thorough=False)
    if found.lacking:
        named = ", ".join(f"{one.file_id} of client {one.client_id}" for one in found.lacking[:NAMED])
        more = f" and {len(found.lacking) - NAMED} more" if len(found.lacking) > NAMED else ""
        raise FailedError(f"{folder.root} has no whole bytes of {named}{more}")
    around = beside(folder)
    swept = ", ".join(f"{number} {why}" for why, number in around.swept.items())
    return f"{found.files:,} files, {found.size_bytes / 2**20:.1f} MB; not settled: {around.unsettled}; swept: {swept}"
