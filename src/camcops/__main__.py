# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m camcops` is the program `camcops_server`."""

from camcops.cli.main import main

if __name__ == "__main__":
    main()
