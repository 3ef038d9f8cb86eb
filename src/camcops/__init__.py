# SPDX-License-Identifier: GPL-3.0-or-later
"""CamCOPS: psychiatric and cognitive assessment, from one definition of each instrument."""

__version__ = "0.1.0"

#: What tablets are told the server is. They refuse to upload when it changes until they have fetched
#: the server's information again, so it stays the same while the protocol does.
TABLET_COMPATIBLE_VERSION = "2.4.24"

#: The environment variable that names the configuration where no option does.
CONFIG_VARIABLE = "CAMCOPS_CONFIG_FILE"
