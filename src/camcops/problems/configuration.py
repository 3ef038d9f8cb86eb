# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file."""

from camcops.problems.kinds import Kind

CONFIG_UNNAMED = Kind(
    "config.unnamed",
    "No configuration file is named.",
    "Give --config FILE, or set the environment variable CAMCOPS_CONFIG_FILE.",
)
CONFIG_UNREADABLE = Kind(
    "config.unreadable",
    "The configuration file {path} can't be read: {reason}.",
    "Check its name, and that the user running this program may read it.",
)
CONFIG_WRONG = Kind(
    "config.wrong",
    "The configuration file {path} can't be used:\n{faults}\n",
    "Nothing was started. Correct the file and start again.",
)
