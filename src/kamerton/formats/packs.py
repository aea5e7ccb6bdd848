"""Role packs: a folder (or ZIP) of YAML files → plain data, with limits and errors that name file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MAX_FILE_BYTES = 4_000_000
MAX_FILES = 60
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PackError(ValueError):
    """A pack cannot be read. `where` is the file, `texts` say what is wrong in both languages."""

    def __init__(self, where: str, ru: str, en: str) -> None:
        self.where = where
        self.texts = {"ru": ru, "en": en}
        super().__init__(f"{where}: {en}")


@dataclass(frozen=True, slots=True)
class PackFiles:
    root: Path

    def data(self, name: str) -> Any:
        """The parsed content of one file of the pack."""
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise PackError(name, "путь ведёт за пределы пакета", "the path leads outside the pack")
        if not path.is_file():
            raise PackError(name, "файла нет в пакете", "the pack has no such file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PackError(
                name, f"файл больше {MAX_FILE_BYTES} байт", f"the file is larger than {MAX_FILE_BYTES} bytes"
            )
        try:
            return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader, only faster
        except UnicodeDecodeError as fault:
            raise PackError(name, "файл не в UTF-8", "the file is not UTF-8") from fault
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            line = mark.line + 1 if mark else 0
            problem = getattr(fault, "problem", "") or "?"
            raise PackError(
                name,
                f"строка {line}: YAML не читается ({problem})",
                f"line {line}: not readable as YAML ({problem})",
            ) from fault


def open_pack(root: Path) -> PackFiles:
    """The pack in the folder `root`; it must hold `pack.yaml`."""
    if not root.is_dir():
        raise PackError(str(root.name), "такой папки с пакетом нет", "there is no such pack folder")
    if sum(1 for _ in root.rglob("*.yaml")) > MAX_FILES:
        raise PackError(
            root.name, f"в пакете больше {MAX_FILES} файлов", f"the pack holds more than {MAX_FILES} files"
        )
    return PackFiles(root)
