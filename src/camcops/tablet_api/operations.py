# SPDX-License-Identifier: GPL-3.0-or-later
"""All operations, declared once."""

from types import MappingProxyType

from camcops.tablet_api import enquiries, single_user, uploading
from camcops.tablet_api.access import Access
from camcops.tablet_api.calls import Operation

OPERATIONS = MappingProxyType(
    {
        operation.name: operation
        for operation in (
            Operation(
                "check_device_registered",
                Access.ANYONE,
                enquiries.check_device_registered,
                writes=False,
            ),
            Operation("register_patient", Access.ANYONE, single_user.register_patient),
            Operation("register", Access.REGISTER, enquiries.register),
            Operation("get_allowed_tables", Access.FETCH, enquiries.get_allowed_tables),
            Operation("get_extra_strings", Access.FETCH, enquiries.get_extra_strings),
            Operation("get_task_schedules", Access.FETCH, single_user.get_task_schedules),
            Operation(
                "check_upload_user_and_device",
                Access.UPLOAD,
                enquiries.check_upload_user_and_device,
                writes=False,
            ),
            Operation("get_id_info", Access.UPLOAD, enquiries.get_id_info, writes=False),
            Operation("validate_patients", Access.UPLOAD, enquiries.validate_patients),
            Operation("start_upload", Access.UPLOAD, uploading.start_upload),
            Operation("start_preservation", Access.UPLOAD, uploading.start_preservation),
            Operation("upload_empty_tables", Access.UPLOAD, uploading.upload_empty_tables),
            Operation("upload_table", Access.UPLOAD, uploading.upload_table),
            Operation("upload_record", Access.UPLOAD, uploading.upload_record),
            Operation("delete_where_key_not", Access.UPLOAD, uploading.delete_where_key_not),
            Operation("which_keys_to_send", Access.UPLOAD, uploading.which_keys_to_send),
            Operation("end_upload", Access.UPLOAD, uploading.end_upload),
            Operation("upload_entire_database", Access.UPLOAD, uploading.upload_entire_database),
        )
    }
)
