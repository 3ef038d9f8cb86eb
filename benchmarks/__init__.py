# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast and how large: each figure beside a floor measured in the same run (`python -m benchmarks`)."""
