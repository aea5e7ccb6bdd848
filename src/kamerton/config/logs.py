"""Logs as JSON lines with a request id and without names, tokens or answers."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request; an exception by type and trace only."""

    def format(self, record: logging.LogRecord) -> str:
        row = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            row["request"] = current
        if record.exc_info and record.exc_info[0]:
            row["error"] = record.exc_info[0].__name__
            row["trace"] = self.formatException(record.exc_info)
        return json.dumps(row, ensure_ascii=False)
