# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that the configuration names and that may have vanished with a reboot: made anew, for us alone."""

import os
from pathlib import Path

from camcops.config import Settings
from camcops.problems import FOLDER_UNUSABLE, Problem


def make_folders(settings: Settings) -> None:
    """Make the folders that the program writes to. Raises a Problem that names the first it can't use."""
    private_folder(settings.export.export_lockdir, "EXPORT_LOCKDIR")
    if settings.site.user_download_dir is not None:
        private_folder(Path(settings.site.user_download_dir), "USER_DOWNLOAD_DIR")


def private_folder(folder: Path, key: str) -> None:
    """Make a folder for its owner alone, unless it is there; raise a Problem if we can't write to it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Problem(FOLDER_UNUSABLE, folder=folder, key=key, reason=reason) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        reason = "this user may not write to it"
        raise Problem(FOLDER_UNUSABLE, folder=folder, key=key, reason=reason)
