# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail: who saw or changed what, when, from where; each row carries a keyed code."""

from camcops.audit.trail import AuditTrail, Verdict, key_id, verify_row

__all__ = ["AuditTrail", "Verdict", "key_id", "verify_row"]
