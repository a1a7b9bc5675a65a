"""``[company]`` of the configuration: what stands on statements."""

from __future__ import annotations

from pathlib import Path

from billfold.model.errors import ConfigurationError

MAX_NAME_CHARS = 100


def read_company_name(section: object, path: Path) -> str:
    """Return the company's name, "" where none is configured; raises ``ConfigurationError``."""
    if section is None:
        return ""
    name = section.get("name") if isinstance(section, dict) else None
    if (
        not isinstance(section, dict)
        or set(section) - {"name"}
        or not isinstance(name, str)
        or len(name) > MAX_NAME_CHARS
    ):
        raise ConfigurationError(f'{path}, [company]: write name = "Example Ltd", at most {MAX_NAME_CHARS} characters')
    return name.strip()
