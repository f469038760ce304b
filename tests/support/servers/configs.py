"""The common parts of the configurations of Knot DNS and nginx."""

import textwrap
from pathlib import Path


def knot(folder: Path, ip: str, *zones: str) -> str:
    """The name server's configuration; `zone` makes the zones."""
    head = f"""\
        server:
            rundir: "{folder}"
            listen: {ip}@53
            udp-workers: 1
            tcp-workers: 1
            background-workers: 1
        control:
            listen: "{folder}/knot.sock"
        database:
            storage: "{folder}/knot-db"
        log:
          - target: stdout
            any: warning
        zone:
        """
    return textwrap.dedent(head) + "".join(zones)


def zone(folder: Path, name: str, file: str, *more: str) -> str:
    """A zone that is read from a file in the folder, and never written."""
    lines = (f'storage: "{folder}"', f"file: {file}", "zonefile-sync: -1", "zonefile-load: whole")
    return f"  - domain: {name}\n" + "".join(f"    {line}\n" for line in (*lines, *more))


def nginx(folder: Path, http: str, *, user: str = "nobody nogroup", log: str = "off") -> str:
    """The web server's configuration; ``http`` is its http block, ``log`` the access log."""
    head = f"""\
        user {user};
        worker_processes 1;
        pid {folder}/nginx.pid;
        error_log {folder}/nginx-error.log;
        events {{ worker_connections 256; }}
        http {{
          access_log {log};
          client_body_temp_path {folder}/nginx-body;
          proxy_temp_path {folder}/nginx-proxy;
          fastcgi_temp_path {folder}/nginx-fastcgi;
          uwsgi_temp_path {folder}/nginx-uwsgi;
          scgi_temp_path {folder}/nginx-scgi;
        """
    return textwrap.dedent(head) + textwrap.indent(textwrap.dedent(http), "  ") + "}\n"
