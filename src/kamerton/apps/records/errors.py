"""Refusals: what a person may not do now, why, and what to do, in both languages.

Everything else that is raised is a bug and must surface.
"""

from __future__ import annotations

from typing import ClassVar


class Refused(Exception):
    """Base of all expected refusals. A subclass states `code`, `texts` and, if it differs, the HTTP `status`."""

    code: ClassVar[str] = "refused"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Сейчас это сделать нельзя.",
        "en": "This cannot be done now.",
    }
    status: ClassVar[int] = 409

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(f"{self.code}: {params}" if params else self.code)

    def message(self, language: str) -> str:
        """The sentence for a reader of `language`, with parameters filled in."""
        text = self.texts.get(language.split("-")[0], self.texts["en"])
        localised = {
            key: value.get(language.split("-")[0], next(iter(value.values()), ""))
            if isinstance(value, dict)
            else value
            for key, value in self.params.items()
        }
        return text.format(**localised)


class NotPermitted(Refused):
    code = "not_permitted"
    status = 403
    texts = {
        "ru": "У вас нет права на это действие: {permission}. Попросите администратора проекта выдать роль.",
        "en": "You may not do this: {permission}. Ask the project's administrator for the role.",
    }


class NotFound(Refused):
    code = "not_found"
    status = 404
    texts = {
        "ru": "Здесь этого нет: {what}. Проверьте адрес или вернитесь к списку.",
        "en": "There is nothing here: {what}. Check the address or go back to the list.",
    }


class InvalidInput(Refused):
    """Shape is right, content is not. `problems` may hold a line a place."""

    code = "invalid_input"
    status = 422
    texts = {"ru": "{what}", "en": "{what}"}
