# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that a person or a tablet can meet, declared once: one list, in a file for each subject.

A `Kind` says what was wrong and what to do about it; raising `Problem(KIND, name=value)` fills in the
data. Each face renders it in its own way: a page, a tablet's reply, a line on the terminal.
"""

from camcops.problems.accounts import *
from camcops.problems.configuration import *
from camcops.problems.database import *
from camcops.problems.instruments import *
from camcops.problems.kinds import *
from camcops.problems.operation import *
from camcops.problems.pages import *
from camcops.problems.records import *
from camcops.problems.serving import *
from camcops.problems.tablet import *
