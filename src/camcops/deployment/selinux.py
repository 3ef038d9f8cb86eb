# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux labels (RHEL and its kin): what the front end and the programs may read, write and connect to."""

from camcops.deployment.installation import Installation, heading


def selinux_commands(site: Installation) -> str:
    """Shell commands for root; they may be repeated. The labels outlive a relabelling of the disk."""
    read, write, run = "httpd_sys_content_t", "httpd_cache_t", "httpd_var_run_t"
    labels = {
        site.config_file.parent: read,
        site.static: read,
        site.logo_file.parent: read,
        site.cache_directory.parent: write,
        site.download_directory: write,
        site.lock_directory: run,
    }
    if site.socket_file is not None:
        labels[site.socket_file.parent] = run
    lines = "".join(f"label {label} {folder}\n" for folder, label in labels.items())
    network = "" if site.socket_file else "setsebool -P httpd_can_network_connect on\n"
    start = heading(
        f"SELinux labels for {site.instance}",
        "For root, once; needs semanage (package policycoreutils-python-utils). Then restart Apache.",
        "For a moment, until the next relabelling, this does the same by hand:",
        f"  chcon -R -h system_u:object_r:{read}:s0 FOLDER",
    )
    return f"""\
#!/bin/sh
{start}
set -eu

label() {{
    semanage fcontext -a -t "$1" "$2(/.*)?" 2>/dev/null || semanage fcontext -m -t "$1" "$2(/.*)?"
    [ ! -e "$2" ] || restorecon -R "$2"
}}

{lines}{network}"""
